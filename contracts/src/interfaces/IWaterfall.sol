// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Distributes a settled period's receipts in an ordered, versioned list of steps.
/// @notice For each step: paid = min(available + what its reserve covers, due + arrears). Always, to the unit: Σ paid =
/// receipts + Σ released, where a reserve's `paid` is what was put in, and `released` what was taken out of a reserve.
interface IWaterfall {
    /// @notice Kinds of steps. "due" before arrears:
    /// Fixed: `amount`. PercentOfReceipts: ⌊receipts·bp/10⁴⌋. PercentOfAvailable: ⌊available·bp/10⁴⌋.
    /// Reserve: top up to the target `amount`; an excess over the target is released into what is available.
    /// KpiFee: `amount` + ⌊m·⌊receipts·bp/10⁴⌋/10⁴⌋ with m from the KPIs. Due: `amount`, or what the schedule says for the
    /// period, to a series (coupon, principal). Residual: all that is available.
    enum StepKind {
        Fixed,
        PercentOfReceipts,
        PercentOfAvailable,
        Reserve,
        KpiFee,
        Due,
        Residual
    }

    /// @notice What a step is paid for, where the law says who comes first. PublicCharge: taxes and fixed public charges
    /// (Fixed or PercentOfReceipts to a plain payee). OwnersShare: the owners' part of income from common parts (a
    /// percentage to a plain payee).
    enum Purpose {
        General,
        PublicCharge,
        OwnersShare
    }

    /// @notice When a step takes part: always, only while its trigger is breached, or only while it is not.
    enum When {
        Always,
        Breached,
        Sound
    }

    /// @notice What a trigger watches. Coverage: what is available at its step over the dues of its steps with their arrears.
    /// Dscr: the same over the dues of this period alone. OpenDispute: a later statement of the stream is disputed or voided.
    enum TriggerKind {
        Coverage,
        Dscr,
        OpenDispute
    }

    /// @notice One step.
    /// @param kind Kind.
    /// @param toSeries True if the payee is a series of this stream (paid through its accumulator).
    /// @param purpose What it is paid for.
    /// @param when When it takes part.
    /// @param trigger Trigger that `when` speaks of, 0 if always.
    /// @param account Where a reserve lies, or what is not paid stays due as arrears (Fixed and Due); 1 to 31, 0 for none.
    /// Steps that name the same account share its balance.
    /// @param drawFrom Account of the reserve that covers what this step is short of (Fixed and Due), 0 for none.
    /// @param payee Receiver; for Reserve the address of nobody (0): the waterfall keeps it.
    /// @param amount Fixed amount, coupon, reserve target or base fee, minor units.
    /// @param bp Share in basis points for percentage kinds and the KPI pool.
    struct Step {
        StepKind kind;
        bool toSeries;
        Purpose purpose;
        When when;
        uint8 trigger;
        uint8 account;
        uint8 drawFrom;
        address payee;
        uint64 amount;
        uint16 bp;
    }

    /// @notice A condition that switches steps on and off. It is judged when the run reaches `step`, before that step, on
    /// r = ⌊available·10⁴/dues⌋; without dues r is without bound. Not breached, it becomes so below `thresholdBp`; breached,
    /// it stays so below `cureBp`.
    /// @param kind What it watches.
    /// @param step Step at which it is judged; 0 for OpenDispute.
    /// @param dues Bit i: the due of step i counts. Fixed and Due steps from `step` on that always take part.
    /// @param thresholdBp Ratio below which it is breached; 0 for OpenDispute.
    /// @param cureBp Ratio from which on it is cured, not below the threshold; 0 for OpenDispute.
    struct Trigger {
        TriggerKind kind;
        uint8 step;
        uint32 dues;
        uint16 thresholdBp;
        uint16 cureBp;
    }

    /// @notice Amount of a Due step from a period on; before its first entry the step's own amount holds. Coupons differ by
    /// day count: they are computed off-chain and fixed here.
    /// @param step Place of the step.
    /// @param fromPeriod First period.
    /// @param amount Amount, minor units.
    struct Entry {
        uint8 step;
        uint32 fromPeriod;
        uint64 amount;
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
    /// @param triggers At most eight.
    /// @param schedule Amounts by period, in the order of steps and then of periods; at most 255.
    /// @param minMultiplierBp Least m.
    /// @param maxMultiplierBp Largest m.
    /// @param maxChangeBp Largest change of m from one period to the next, 0 for no bound.
    struct Rules {
        Step[] steps;
        Kpi[] kpis;
        Trigger[] triggers;
        Entry[] schedule;
        uint16 minMultiplierBp;
        uint16 maxMultiplierBp;
        uint16 maxChangeBp;
    }

    /// @notice Result of one step.
    /// @param due Due in this period with arrears, 2⁶⁴ − 1 at most; 0 for a step that takes no part.
    /// @param paid Paid, with what a reserve covered (for a reserve: put in).
    /// @param released Taken out of a reserve: its own excess, or what the reserve of `drawFrom` covered.
    /// @param balance Balance of the step's account after the step: arrears, or the reserve.
    struct Line {
        uint64 due;
        uint64 paid;
        uint64 released;
        uint64 balance;
    }

    /// @notice Result of a period.
    /// @param lines One for each step.
    /// @param multiplierBp Multiplier of the KPI fee, 0 without KPIs.
    /// @param breached Bit i: trigger i is breached.
    /// @param ratiosBp What each trigger was judged on, 2³² − 1 at most; 0 or 2³² − 1 for OpenDispute.
    struct Outcome {
        Line[] lines;
        uint16 multiplierBp;
        uint8 breached;
        uint32[] ratiosBp;
    }

    /// @notice A rule set was recorded; it applies to settlements from `effectiveAt` on.
    event RulesSet(uint32 indexed stream, uint32 version, uint40 effectiveAt, address pointer);
    /// @notice Money came in for a stream.
    event Funded(uint32 indexed stream, address indexed from, uint64 amount, uint64 escrow);
    /// @notice A period was settled: `receipts` were there and distributed, `shortfall` stays to be funded; both together are
    /// the statement's amount and the shortfall brought forward. `breached`: bit i for trigger i. Lines follow the steps'
    /// order, each a word: due, paid, released, balance, 64 bits each from the highest.
    event Settled(
        uint32 indexed stream,
        uint32 indexed period,
        uint32 rulesVersion,
        uint64 receipts,
        uint64 shortfall,
        uint16 multiplierBp,
        uint8 breached,
        uint256[] lines
    );
    /// @notice A trigger was breached or cured in this settlement, judged on `ratioBp`; cured without a ratio (2³² − 1) if the
    /// rules in force have it no more.
    event TriggerChanged(uint32 indexed stream, uint32 indexed period, uint8 trigger, bool breached, uint32 ratioBp);
    /// @notice A payee could not be paid; the amount stays owed and may be withdrawn.
    event PaymentFailed(uint32 indexed stream, uint32 indexed period, address indexed payee, uint64 amount);
    /// @notice An owed amount was withdrawn.
    event OwedWithdrawn(address indexed payee, uint64 amount);
    /// @notice Bringing money in was stopped or allowed again.
    event FundingPaused(bool paused);
    /// @notice The contract that holds holders' votes was set, once and for all.
    event HolderVoteSet(address holderVote);

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
    /// @notice Bringing money in is stopped.
    error FundingIsPaused();
    /// @notice Holders of a series have a say in a change of these rules and have not passed this motion.
    error ConsentMissing(uint32 stream, address series, bytes32 motion);
    /// @notice The vote contract was set already.
    error HolderVoteAlreadySet(address holderVote);

    /// @notice Records rules: the first at once, later ones after RULES_DELAY. Balances carry over by account, so a change
    /// may not alter what an account is (a reserve, or arrears to one payee) that has a balance, or that may get one before
    /// the change takes effect (a step with an amount: set the amount to 0 first). Every recorded set has its own number; one
    /// that still waits when the next is recorded never takes effect. A change needs the vote of each series whose terms say
    /// `consent` and that the rules in force, or announced ones it replaces, pay (motion: `motionOf`). @custom:access-control ISSUER
    function setRules(uint32 stream, Rules calldata rules) external returns (uint32 version);

    /// @notice Sets the contract that answers whether holders passed a motion; refuses a second call.
    /// @custom:access-control ADMIN
    function setHolderVote(address holderVote) external;

    /// @notice Stops `fund` or allows it again; settlements and withdrawals go on. @custom:access-control PAUSER
    function setPaused(bool paused) external;

    /// @notice Brings money in for a stream; anyone may. Pulls `amount` of the currency from the caller.
    function fund(uint32 stream, uint64 amount) external;

    /// @notice Settles a final, funded period. Anyone may call.
    function settle(uint32 stream, uint32 period) external;

    /// @notice Pays out what could not be paid during settlement. Anyone may call; money goes to the payee only.
    function withdrawOwed(address payee) external returns (uint64 amount);

    /// @notice What `settle` would do with `receipts` now, for the next period to be settled.
    function preview(uint32 stream, uint64 receipts, bytes32 kpis) external view returns (Outcome memory);

    /// @notice What holders must pass before these rules can be recorded, in place of the newest ones: once these are replaced
    /// the motion is another.
    function motionOf(uint32 stream, Rules calldata rules) external view returns (bytes32);

    /// @notice Rules in force, and their version.
    function rulesOf(uint32 stream) external view returns (Rules memory rules, uint32 version);

    /// @notice Rules of a given version; `effectiveAt` is 2⁴⁰ − 1 for one that was replaced before it took effect.
    function rulesAt(uint32 stream, uint32 version) external view returns (Rules memory rules, uint40 effectiveAt);

    /// @notice Number of recorded rule sets, and the version in force.
    function versionsOf(uint32 stream) external view returns (uint32 recorded, uint32 inForce);

    /// @notice Money waiting, shortfall brought forward, last multiplier.
    function accountOf(uint32 stream) external view returns (uint64 escrow, uint64 shortfall, uint16 multiplierBp);

    /// @notice Arrears or reserve in an account of a stream.
    function balanceOf(uint32 stream, uint256 account) external view returns (uint64);

    /// @notice Triggers that were breached in the last settlement: bit i for trigger i.
    function breachedOf(uint32 stream) external view returns (uint8);

    /// @notice True if `fund` is stopped.
    function paused() external view returns (bool);

    /// @notice Contract that holds holders' votes, 0 until it is set.
    function holderVote() external view returns (address);

    /// @notice Factory whose series may be paid.
    function factory() external view returns (address);

    /// @notice What is owed to a payee whose payment failed.
    function owedTo(address payee) external view returns (uint64);

    /// @notice Statement book whose final statements are settled.
    function book() external view returns (address);

    /// @notice Settlement currency.
    function currency() external view returns (address);

    /// @notice Seconds a change of rules waits.
    function RULES_DELAY() external view returns (uint40);
}
