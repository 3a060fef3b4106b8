// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {PackedLine, PackedLineLib} from "./PackedLine.sol";
import {PackedBounds, PackedStep} from "./PackedStep.sol";
import {RulesCodec} from "./RulesCodec.sol";

/// @title The waterfall as pure arithmetic: packed rules and receipts in, one line per step out.
/// @notice Conserves to the unit: Σ paid = receipts + Σ released, given a last step that takes all (Residual) and receipts
/// plus reserves below 2⁶⁴. Every division rounds down, so a percentage never takes more than its share and what is
/// rounded away stays available to the steps below; a ratio is never judged better than it is.
/// @dev Amounts are below 2⁶⁴, shares and multipliers below 2¹⁶, so no sum or product here comes near 2²⁵⁶: arithmetic is
/// unchecked. Rules without triggers, accounts or a schedule pay nothing for them but a look at a flag.
library WaterfallMath {
    using RulesCodec for bytes;

    uint16 private constant MISSING = type(uint16).max;
    uint256 private constant ONE_BP = 10_000;

    /// @notice What a settlement starts from, beside the rules.
    /// @param period Period, which decides whether a series takes part.
    /// @param receipts Money to be distributed.
    /// @param kpis Sixteen big-endian uint16 values in basis points; 0xFFFF is "missing".
    /// @param scored True if there was an earlier multiplier, from which the new one may move only so far.
    /// @param lastMultiplierBp That earlier multiplier.
    /// @param breached Triggers breached so far.
    /// @param disputed True if a later statement is disputed or voided.
    /// @param balances Balance of each account; may be empty if the rules use none. The run changes them.
    struct Start {
        uint32 period;
        uint64 receipts;
        bytes32 kpis;
        bool scored;
        uint16 lastMultiplierBp;
        uint8 breached;
        bool disputed;
        uint64[] balances;
    }

    /// @notice What a run finds; fields as in IWaterfall.Outcome.
    struct Result {
        PackedLine[] lines;
        uint16 multiplierBp;
        uint8 breached;
        uint32[] ratiosBp;
    }

    /// @dev How a step takes part: not at all; with its arrears alone, since the payee's term is over; in full.
    enum Part {
        None,
        Arrears,
        Full
    }

    /* RUN */

    /// @notice Runs all steps in order.
    function run(bytes memory rules, Start memory start) internal pure returns (Result memory result) {
        result.multiplierBp = multiplier(rules, start);
        PackedLine[] memory lines = new PackedLine[](rules.stepCount());
        uint256 triggers = rules.triggerCount();
        bool judging = triggers != 0;
        if (judging) {
            // A trigger that the rules no longer have is forgotten.
            result.breached = uint8(start.breached & ((1 << triggers) - 1));
            result.ratiosBp = new uint32[](triggers);
        }
        uint256 available = start.receipts;
        unchecked {
            for (uint256 i = 0; i < lines.length; ++i) {
                if (judging) _judge(rules, start, result, i, available);
                (lines[i], available) = _take(rules, start, result, i, available);
            }
        }
        result.lines = lines;
    }

    /// @dev One step: its line, and what is available after it.
    function _take(bytes memory rules, Start memory start, Result memory result, uint256 i, uint256 available)
        private
        pure
        returns (PackedLine, uint256)
    {
        PackedStep step = rules.stepAt(i);
        IWaterfall.StepKind kind = step.kind();
        // The usual end of the list: nothing is left for who takes what is left.
        if (available == 0 && kind == IWaterfall.StepKind.Residual) return (PackedLine.wrap(0), 0);
        Part part = _part(rules, step, i, start.period, result.breached);
        if (part == Part.None) {
            uint256 account = step.account();
            return (PackedLineLib.pack(0, 0, 0, account == 0 ? 0 : start.balances[account]), available);
        }
        if (kind == IWaterfall.StepKind.Reserve) return _reserve(start, step, available);
        uint256 due = part == Part.Full
            ? dueDown(rules, step, i, start.period, start.receipts, available, result.multiplierBp)
            : 0;
        return _pay(rules, start, step, i, due, available);
    }

    function _part(bytes memory rules, PackedStep step, uint256 i, uint256 period, uint256 breached)
        private
        pure
        returns (Part)
    {
        bool gated = step.gated();
        if (!gated && !step.toSeries()) return Part.Full;
        PackedBounds bounds = rules.boundsAt(i);
        if (gated) {
            bool wanted = bounds.when() == uint256(IWaterfall.When.Breached);
            if ((breached >> bounds.trigger() & 1 != 0) != wanted) return Part.None;
        }
        return step.toSeries() ? _termPart(step, bounds, period) : Part.Full;
    }

    /// @dev After the term only arrears are paid, and only while the payee still takes distributions.
    function _termPart(PackedStep step, PackedBounds bounds, uint256 period) private pure returns (Part) {
        if (period < bounds.termFrom()) return Part.None;
        if (period <= bounds.termTo()) return Part.Full;
        return period <= bounds.termLast() && step.account() != 0 ? Part.Arrears : Part.None;
    }

    /// @notice What a paying step asks for in this period, before arrears. Rounds down.
    function dueDown(
        bytes memory rules,
        PackedStep step,
        uint256 i,
        uint256 period,
        uint256 receipts,
        uint256 available,
        uint256 multiplierBp
    ) internal pure returns (uint256) {
        IWaterfall.StepKind kind = step.kind();
        if (kind == IWaterfall.StepKind.Residual) return available;
        unchecked {
            if (kind == IWaterfall.StepKind.PercentOfReceipts) return receipts * step.bp() / ONE_BP;
            if (kind == IWaterfall.StepKind.PercentOfAvailable) return available * step.bp() / ONE_BP;
            if (kind != IWaterfall.StepKind.KpiFee) {
                return step.scheduled() ? rules.scheduledAmount(i, period, step.amount()) : step.amount();
            }
            uint256 pool = receipts * step.bp() / ONE_BP;
            return step.amount() + multiplierBp * pool / ONE_BP;
        }
    }

    /// @dev Fills the reserve to its target, or releases what is above it.
    function _reserve(Start memory start, PackedStep step, uint256 available)
        private
        pure
        returns (PackedLine, uint256)
    {
        (uint256 account, uint256 target) = (step.account(), step.amount());
        unchecked {
            uint256 balance = start.balances[account];
            if (balance > target) {
                start.balances[account] = uint64(target);
                return (PackedLineLib.pack(0, 0, balance - target, target), available + balance - target);
            }
            uint256 due = target - balance;
            uint256 paid = available < due ? available : due;
            start.balances[account] = uint64(balance + paid);
            return (PackedLineLib.pack(due, paid, 0, balance + paid), available - paid);
        }
    }

    /// @dev Pays what is due with arrears as far as the money goes, then as far as the step's reserve goes. A due that no period
    /// could pay stops at 2⁶⁴ − 1.
    function _pay(bytes memory rules, Start memory start, PackedStep step, uint256 i, uint256 due, uint256 available)
        private
        pure
        returns (PackedLine, uint256 left)
    {
        uint256 account = step.account();
        unchecked {
            if (account != 0) due += start.balances[account];
            if (due > type(uint64).max) due = type(uint64).max;
            uint256 paid = available < due ? available : due;
            left = available - paid;
            uint256 drawn = 0;
            if (paid < due && step.draws()) drawn = _draw(start, rules.boundsAt(i).drawFrom(), due - paid);
            paid += drawn;
            uint256 balance = 0;
            if (account != 0) {
                balance = due - paid;
                start.balances[account] = uint64(balance);
            }
            return (PackedLineLib.pack(due, paid, drawn, balance), left);
        }
    }

    function _draw(Start memory start, uint256 account, uint256 wanted) private pure returns (uint256 drawn) {
        uint256 reserve = start.balances[account];
        drawn = reserve < wanted ? reserve : wanted;
        unchecked {
            start.balances[account] = uint64(reserve - drawn);
        }
    }

    /* TRIGGERS */

    /// @dev Judges the triggers whose step is `i`, before that step.
    function _judge(bytes memory rules, Start memory start, Result memory result, uint256 i, uint256 available)
        private
        pure
    {
        for (uint256 t = 0; t < result.ratiosBp.length; ++t) {
            IWaterfall.Trigger memory trigger = rules.triggerAt(t);
            if (trigger.step != i) continue;
            uint256 level = 1;
            uint256 ratio = start.disputed ? 0 : type(uint32).max;
            if (trigger.kind != IWaterfall.TriggerKind.OpenDispute) {
                bool was = result.breached >> t & 1 != 0;
                level = was ? trigger.cureBp : trigger.thresholdBp;
                ratio = _ratioDown(available, _dues(rules, start, trigger));
            }
            result.ratiosBp[t] = uint32(ratio);
            uint8 bit = uint8(1 << t);
            result.breached = ratio < level ? result.breached | bit : result.breached & ~bit;
        }
    }

    function _ratioDown(uint256 available, uint256 dues) private pure returns (uint256 ratio) {
        if (dues == 0) return type(uint32).max;
        unchecked {
            ratio = available * ONE_BP / dues;
        }
        if (ratio > type(uint32).max) ratio = type(uint32).max;
    }

    /// @dev Dues of a trigger's steps, which always take part and need neither receipts nor multiplier. For Coverage with
    /// their arrears, those of a shared account once.
    function _dues(bytes memory rules, Start memory start, IWaterfall.Trigger memory trigger)
        private
        pure
        returns (uint256 sum)
    {
        uint256 counted = trigger.kind == IWaterfall.TriggerKind.Coverage ? 1 : type(uint256).max;
        for ((uint256 i, uint256 mask) = (0, trigger.dues); mask != 0; (++i, mask >>= 1)) {
            if (mask & 1 == 0) continue;
            PackedStep step = rules.stepAt(i);
            Part part = _part(rules, step, i, start.period, 0);
            if (part == Part.None) continue;
            if (part == Part.Full) sum += dueDown(rules, step, i, start.period, 0, 0, 0);
            uint256 account = step.account();
            if (counted >> account & 1 != 0) continue;
            counted |= 1 << account;
            sum += start.balances[account];
        }
    }

    /* KPI FEE */

    /// @notice m = ⌊Σ w·s / 10⁴⌋ within its bounds, and then no further from the last one than allowed; 0 without KPIs.
    /// @dev The bound on change comes last: after a change of rules m may travel to its new range over several periods.
    function multiplier(bytes memory rules, Start memory start) internal pure returns (uint16) {
        uint256 count = rules.kpiCount();
        if (count == 0) return 0;
        unchecked {
            uint256 sum = 0;
            for (uint256 i = 0; i < count; ++i) {
                IWaterfall.Kpi memory kpi = rules.kpiAt(i);
                sum += scoreDown(kpi, start.kpis) * kpi.weightBp;
            }
            (uint256 least, uint256 most, uint256 change) = rules.bounds();
            uint256 m = _clip(sum / ONE_BP, least, most);
            if (change == 0 || !start.scored) return uint16(m);
            uint256 last = start.lastMultiplierBp;
            // Between m and last, both of 16 bits, so the result has 16 bits too.
            return uint16(_clip(m, last > change ? last - change : 0, last + change));
        }
    }

    /// @notice s = clip(⌊(x − floor)·10⁴/(target − floor)⌋, 0, cap). A missing value earns nothing.
    /// @dev Signed, since a target below the floor means "less is better". Solidity rounds quotients towards zero, which is down
    /// for the positive ones; negative ones are 0 in any case.
    function scoreDown(IWaterfall.Kpi memory kpi, bytes32 kpis) internal pure returns (uint256) {
        unchecked {
            uint16 x = uint16(uint256(kpis) >> (240 - 16 * uint256(kpi.index)));
            if (x == MISSING) return 0;
            int256 floor = int256(uint256(kpi.floorBp));
            int256 score = (int256(uint256(x)) - floor) * 10_000 / (int256(uint256(kpi.targetBp)) - floor);
            return score <= 0 ? 0 : _clip(uint256(score), 0, kpi.capBp);
        }
    }

    function _clip(uint256 value, uint256 least, uint256 most) private pure returns (uint256) {
        if (value < least) return least;
        return value > most ? most : value;
    }
}
