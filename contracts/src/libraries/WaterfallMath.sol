// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @title The waterfall as pure arithmetic: rules and receipts in, one line per step out.
/// @notice Conserves to the unit: Σ paid = receipts + Σ released, given a last step that takes all (Residual) and receipts
/// plus reserves below 2⁶⁴. Every division rounds down, so a percentage never takes more than its share and what is
/// rounded away stays available to the steps below.
library WaterfallMath {
    uint256 private constant ONE_BP = 10_000;
    uint16 private constant MISSING = type(uint16).max;

    /// @notice What a settlement starts from, beside the rules.
    /// @param receipts Money to be distributed.
    /// @param kpis Sixteen big-endian uint16 values in basis points; 0xFFFF is "missing".
    /// @param scored True if there was an earlier multiplier, from which the new one may move only so far.
    /// @param lastMultiplierBp That earlier multiplier.
    /// @param dormant Bit i set: step i is a series whose term does not include the period.
    /// @param balances Arrears or reserve of each step.
    struct Start {
        uint64 receipts;
        bytes32 kpis;
        bool scored;
        uint16 lastMultiplierBp;
        uint256 dormant;
        uint64[] balances;
    }

    /// @notice Runs all steps in order.
    function run(IWaterfall.Rules memory rules, Start memory start)
        internal
        pure
        returns (IWaterfall.Line[] memory lines, uint16 multiplierBp)
    {
        multiplierBp = multiplier(rules, start);
        lines = new IWaterfall.Line[](rules.steps.length);
        uint256 available = start.receipts;
        for (uint256 i = 0; i < lines.length; ++i) {
            (IWaterfall.Step memory step, uint64 balance) = (rules.steps[i], start.balances[i]);
            if ((start.dormant >> i) & 1 != 0) {
                lines[i].balance = balance;
            } else if (step.kind == IWaterfall.StepKind.Reserve) {
                lines[i] = _reserve(step, balance, available);
            } else {
                lines[i] = _payable(step, balance, available, dueDown(step, start.receipts, available, multiplierBp));
            }
            available = available + lines[i].released - lines[i].paid;
        }
    }

    /// @notice What a paying step asks for in this period, before arrears. Rounds down.
    function dueDown(IWaterfall.Step memory step, uint256 receipts, uint256 available, uint256 multiplierBp)
        internal
        pure
        returns (uint256)
    {
        IWaterfall.StepKind kind = step.kind;
        if (kind == IWaterfall.StepKind.Residual) return available;
        if (kind == IWaterfall.StepKind.PercentOfAvailable) return available * step.bp / ONE_BP;
        if (kind == IWaterfall.StepKind.PercentOfReceipts) return receipts * step.bp / ONE_BP;
        if (kind == IWaterfall.StepKind.KpiFee) {
            uint256 pool = receipts * step.bp / ONE_BP;
            return step.amount + multiplierBp * pool / ONE_BP;
        }
        return step.amount;
    }

    /// @notice m = ⌊Σ w·s / 10⁴⌋ within its bounds, and then no further from the last one than allowed; 0 without KPIs.
    /// @dev The bound on change comes last: after a change of rules m may travel to its new range over several periods.
    function multiplier(IWaterfall.Rules memory rules, Start memory start) internal pure returns (uint16) {
        if (rules.kpis.length == 0) return 0;
        uint256 sum = 0;
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            sum += scoreDown(rules.kpis[i], start.kpis) * rules.kpis[i].weightBp;
        }
        uint256 m = _clip(sum / ONE_BP, rules.minMultiplierBp, rules.maxMultiplierBp);
        if (rules.maxChangeBp == 0 || !start.scored) return uint16(m);
        uint256 last = start.lastMultiplierBp;
        uint256 least = last > rules.maxChangeBp ? last - rules.maxChangeBp : 0;
        return uint16(_clip(m, least, _clip(last + rules.maxChangeBp, 0, type(uint16).max)));
    }

    /// @notice s = clip(⌊(x − floor)·10⁴/(target − floor)⌋, 0, cap). A missing value earns nothing.
    /// @dev Signed, since a target below the floor means "less is better". Solidity rounds quotients towards zero, which is down
    /// for the positive ones; negative ones are 0 in any case.
    function scoreDown(IWaterfall.Kpi memory kpi, bytes32 kpis) internal pure returns (uint256) {
        uint16 x = uint16(uint256(kpis) >> (240 - 16 * uint256(kpi.index)));
        if (x == MISSING) return 0;
        int256 floor = int256(uint256(kpi.floorBp));
        int256 score = (int256(uint256(x)) - floor) * int256(ONE_BP) / (int256(uint256(kpi.targetBp)) - floor);
        if (score <= 0) return 0;
        return _clip(uint256(score), 0, kpi.capBp);
    }

    /// @dev Fills the reserve to its target, or releases what is above it.
    function _reserve(IWaterfall.Step memory step, uint64 balance, uint256 available)
        private
        pure
        returns (IWaterfall.Line memory line)
    {
        if (balance > step.amount) {
            (line.released, line.balance) = (balance - step.amount, step.amount);
            return line;
        }
        line.due = step.amount - balance;
        line.paid = _least(available, line.due);
        line.balance = balance + line.paid;
    }

    /// @dev Pays what is due with arrears as far as the money goes. Dues that no period can ever pay stop at 2⁶⁴ − 1.
    function _payable(IWaterfall.Step memory step, uint64 arrears, uint256 available, uint256 due)
        private
        pure
        returns (IWaterfall.Line memory line)
    {
        line.due = _least(step.carries ? due + arrears : due, type(uint64).max);
        line.paid = _least(available, line.due);
        if (step.carries) line.balance = line.due - line.paid;
    }

    function _clip(uint256 value, uint256 least, uint256 most) private pure returns (uint256) {
        if (value < least) return least;
        return value > most ? most : value;
    }

    /// @dev The smaller of a value and one that fits 64 bits.
    function _least(uint256 value, uint64 limit) private pure returns (uint64) {
        return value < limit ? uint64(value) : limit;
    }
}
