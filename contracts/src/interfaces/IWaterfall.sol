// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Distributes a settled period's receipts in an ordered, versioned list of steps.
/// @notice For each step: paid = min(available, due + arrears). Always, to the unit: Σ paid = receipts + Σ released, where
/// a reserve's `paid` is what was put in, so that its balance changes by paid − released.
interface IWaterfall {
    /// @notice Kinds of steps. "due" before arrears:
    /// Fixed: `amount`. PercentOfReceipts: ⌊receipts·bp/10⁴⌋. PercentOfAvailable: ⌊available·bp/10⁴⌋.
    /// Reserve: top up to the target `amount`; an excess over the target is released into what is available.
    /// KpiFee: `amount` + ⌊m·⌊receipts·bp/10⁴⌋/10⁴⌋ with m from the KPIs. Due: `amount` to a series (coupon,
    /// principal). Residual: all that is available.
    enum StepKind {
        Fixed,
        PercentOfReceipts,
        PercentOfAvailable,
        Reserve,
        KpiFee,
        Due,
        Residual
    }

    /// @notice One step.
    /// @param kind Kind.
    /// @param toSeries True if the payee is a series of this stream (paid through its accumulator).
    /// @param carries True if what is not paid stays due as arrears (Fixed and Due only).
    /// @param payee Receiver; for Reserve the address of nobody (0): the waterfall keeps it.
    /// @param amount Fixed amount, coupon, reserve target or base fee, minor units.
    /// @param bp Share in basis points for percentage kinds and the KPI pool.
    struct Step {
        StepKind kind;
        bool toSeries;
        bool carries;
        address payee;
        uint64 amount;
        uint16 bp;
    }

    /// @notice One KPI of the operator's fee: s = clip((x − floor)/(target − floor), 0, cap), all in basis points.
    /// @param index Place in the statement's KPI vector.
    /// @param floorBp Value that earns nothing.
    /// @param targetBp Value that earns 1.0; below the floor means "less is better".
    /// @param capBp Largest score.
    /// @param weightBp Weight; the weights sum to 10 000.
    struct Kpi {
        uint8 index;
        uint16 floorBp;
        uint16 targetBp;
        uint16 capBp;
        uint16 weightBp;
    }

    /// @notice Rules of a stream.
    /// @param steps Ordered steps; the last is a Residual to a plain payee, so that nothing is ever left over.
    /// @param kpis KPIs of the KpiFee step, empty if there is none.
    /// @param minMultiplierBp Least m.
    /// @param maxMultiplierBp Largest m.
    /// @param maxChangeBp Largest change of m from one period to the next, 0 for no bound.
    struct Rules {
        Step[] steps;
        Kpi[] kpis;
        uint16 minMultiplierBp;
        uint16 maxMultiplierBp;
        uint16 maxChangeBp;
    }

    /// @notice Result of one step.
    /// @param due Due in this period with arrears, 2⁶⁴ − 1 at most; 0 for a series whose term does not include the period.
    /// @param paid Paid (for a reserve: put in; a release is `due` = 0 and `released` > 0).
    /// @param released Taken out of the reserve into what is available.
    /// @param balance Arrears left, or the reserve's balance after.
    struct Line {
        uint64 due;
        uint64 paid;
        uint64 released;
        uint64 balance;
    }

    /// @notice A rule set was recorded; it applies to settlements from `effectiveAt` on.
    event RulesSet(uint32 indexed stream, uint32 version, uint40 effectiveAt, address pointer);
    /// @notice Money came in for a stream.
    event Funded(uint32 indexed stream, address indexed from, uint64 amount, uint64 escrow);
    /// @notice A period was settled. `required` is the statement's amount plus the shortfall brought forward,
    /// `receipts` what was there and distributed, `shortfall` what stays to be funded. Lines follow the steps' order.
    event Settled(
        uint32 indexed stream,
        uint32 indexed period,
        uint32 rulesVersion,
        uint64 required,
        uint64 receipts,
        uint64 shortfall,
        uint16 multiplierBp,
        Line[] lines
    );
    /// @notice A payee could not be paid; the amount stays owed and may be withdrawn.
    event PaymentFailed(uint32 indexed stream, uint32 indexed period, address indexed payee, uint64 amount);
    /// @notice An owed amount was withdrawn.
    event OwedWithdrawn(address indexed payee, uint64 amount);

    /// @notice Rules have a value their field does not allow. `step` is the place of the step; for a field that begins
    /// with "kpi" it is the place of the KPI, and for one of the rules as a whole 0.
    error InvalidRules(uint32 stream, uint256 step, bytes32 field, uint256 value);
    /// @notice The stream has no rules in force.
    error NoRules(uint32 stream);
    /// @notice The escrow is too small and the funding grace has not passed.
    error Underfunded(uint32 stream, uint32 period, uint64 required, uint64 funded, uint40 graceUntil);
    /// @notice Nothing is owed.
    error NothingOwed(address payee);
    /// @notice The amount is zero or does not fit the accounts.
    error InvalidAmount(uint256 amount);

    /// @notice Records rules: the first at once, later ones after RULES_DELAY. Reserves and arrears carry over by step
    /// index, so a change may not alter kind or payee of a step that has a balance, or that may get one before the change
    /// takes effect (a reserve or carrying step with an amount: set the amount to 0 first). Every recorded set has its
    /// own number; one that still waits when the next is recorded never takes effect. @custom:access-control ISSUER
    function setRules(uint32 stream, Rules calldata rules) external returns (uint32 version);

    /// @notice Brings money in for a stream; anyone may. Pulls `amount` of the currency from the caller.
    function fund(uint32 stream, uint64 amount) external;

    /// @notice Settles a final, funded period. Anyone may call.
    function settle(uint32 stream, uint32 period) external;

    /// @notice Pays out what could not be paid during settlement. Anyone may call; money goes to the payee only.
    function withdrawOwed(address payee) external returns (uint64 amount);

    /// @notice What `settle` would do with `receipts` now, for the next period to be settled.
    function preview(uint32 stream, uint64 receipts, bytes32 kpis)
        external
        view
        returns (Line[] memory lines, uint16 multiplierBp);

    /// @notice Rules in force, and their version.
    function rulesOf(uint32 stream) external view returns (Rules memory rules, uint32 version);

    /// @notice Rules of a given version; `effectiveAt` is 2⁴⁰ − 1 for one that was replaced before it took effect.
    function rulesAt(uint32 stream, uint32 version) external view returns (Rules memory rules, uint40 effectiveAt);

    /// @notice Number of recorded rule sets, and the version in force.
    function versionsOf(uint32 stream) external view returns (uint32 recorded, uint32 inForce);

    /// @notice Money waiting, shortfall brought forward, last multiplier.
    function accountOf(uint32 stream) external view returns (uint64 escrow, uint64 shortfall, uint16 multiplierBp);

    /// @notice Arrears or reserve balance of a step.
    function balanceOfStep(uint32 stream, uint256 step) external view returns (uint64);

    /// @notice What is owed to a payee whose payment failed.
    function owedTo(address payee) external view returns (uint64);

    /// @notice Statement book whose final statements are settled.
    function book() external view returns (address);

    /// @notice Settlement currency.
    function currency() external view returns (address);

    /// @notice Seconds a change of rules waits.
    function RULES_DELAY() external view returns (uint40);
}
