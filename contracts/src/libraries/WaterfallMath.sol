// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {PackedStep, RulesCodec} from "./RulesCodec.sol";

/// @title The waterfall as pure arithmetic: packed rules and receipts in, one line per step out.
/// @notice Conserves to the unit: Σ paid = receipts + Σ released, given a last step that takes all (Residual) and receipts
/// plus reserves below 2⁶⁴. Every division rounds down, so a percentage never takes more than its share and what is
/// rounded away stays available to the steps below.
/// @dev Amounts are below 2⁶⁴, shares and multipliers below 2¹⁶, so no sum or product here comes near 2²⁵⁶: arithmetic is
/// unchecked.
library WaterfallMath {
    using RulesCodec for bytes;

    uint16 private constant MISSING = type(uint16).max;

    /// @notice What a settlement starts from, beside the rules.
    /// @param period Period, which decides whether a series takes part.
    /// @param receipts Money to be distributed.
    /// @param kpis Sixteen big-endian uint16 values in basis points; 0xFFFF is "missing".
    /// @param scored True if there was an earlier multiplier, from which the new one may move only so far.
    /// @param lastMultiplierBp That earlier multiplier.
    /// @param balances Arrears or reserve of each step; may be empty if no step can have one.
    struct Start {
        uint32 period;
        uint64 receipts;
        bytes32 kpis;
        bool scored;
        uint16 lastMultiplierBp;
        uint64[] balances;
    }

    /// @notice Runs all steps in order.
    function run(bytes memory rules, Start memory start)
        internal
        pure
        returns (IWaterfall.Line[] memory lines, uint16 multiplierBp)
    {
        multiplierBp = multiplier(rules, start);
        lines = new IWaterfall.Line[](rules.stepCount());
        uint256 holders = rules.holders();
        uint256 available = start.receipts;
        unchecked {
            for (uint256 i = 0; i < lines.length; ++i) {
                (PackedStep step, IWaterfall.Line memory line) = (rules.stepAt(i), lines[i]);
                if ((holders >> i) & 1 != 0) line.balance = start.balances[i];
                if (step.toSeries() && !rules.inTerm(i, start.period)) continue;
                // The usual end of the list: nothing is left for who takes what is left.
                if (available == 0 && step.kind() == IWaterfall.StepKind.Residual) continue;
                if (step.kind() == IWaterfall.StepKind.Reserve) {
                    available = _reserve(line, step.amount(), available);
                } else {
                    available = _pay(line, step, available, dueDown(step, start.receipts, available, multiplierBp));
                }
            }
        }
    }

    /// @notice What a paying step asks for in this period, before arrears. Rounds down.
    function dueDown(PackedStep step, uint256 receipts, uint256 available, uint256 multiplierBp)
        internal
        pure
        returns (uint256)
    {
        IWaterfall.StepKind kind = step.kind();
        if (kind == IWaterfall.StepKind.Residual) return available;
        unchecked {
            if (kind == IWaterfall.StepKind.PercentOfReceipts) return receipts * step.bp() / 10_000;
            if (kind == IWaterfall.StepKind.PercentOfAvailable) return available * step.bp() / 10_000;
            if (kind != IWaterfall.StepKind.KpiFee) return step.amount();
            uint256 pool = receipts * step.bp() / 10_000;
            return step.amount() + multiplierBp * pool / 10_000;
        }
    }

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
            uint256 m = _clip(sum / 10_000, least, most);
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

    /// @dev Fills the reserve to its target, or releases what is above it. Returns what is available after it.
    function _reserve(IWaterfall.Line memory line, uint256 target, uint256 available) private pure returns (uint256) {
        unchecked {
            uint256 balance = line.balance;
            if (balance > target) {
                (line.released, line.balance) = (uint64(balance - target), uint64(target));
                return available + balance - target;
            }
            uint256 due = target - balance;
            uint256 paid = available < due ? available : due;
            (line.due, line.paid, line.balance) = (uint64(due), uint64(paid), uint64(balance + paid));
            return available - paid;
        }
    }

    /// @dev Pays what is due with arrears as far as the money goes. A due that no period could pay stops at 2⁶⁴ − 1. Returns
    /// what is available after it.
    function _pay(IWaterfall.Line memory line, PackedStep step, uint256 available, uint256 due)
        private
        pure
        returns (uint256)
    {
        unchecked {
            due += line.balance;
            if (due > type(uint64).max) due = type(uint64).max;
            uint256 paid = available < due ? available : due;
            (line.due, line.paid) = (uint64(due), uint64(paid));
            if (step.carries()) line.balance = uint64(due - paid);
            return available - paid;
        }
    }

    function _clip(uint256 value, uint256 least, uint256 most) private pure returns (uint256) {
        if (value < least) return least;
        return value > most ? most : value;
    }
}
