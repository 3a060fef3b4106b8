// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643Compliance} from "../interfaces/IERC3643.sol";
import {IJurisdictionPolicy} from "../interfaces/IJurisdictionPolicy.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesAdmission} from "./SeriesAdmission.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Who may send to whom, and who may be given units. One judge decides for `transfer`, for `checkTransfer` and for the
/// views of the standards, so they cannot disagree; issuing and forced transfers ask its second half, on the receiver.
/// @dev Caps, windows, the policy and an external contract cost a transfer nothing where a series has none.
abstract contract SeriesCompliance is SeriesAdmission {
    using SeriesTerms for uint256;

    /* TRANSFERS */

    /// @dev Decides on a transfer. The accounts come back with fresh attributes where these had to be read.
    function _judge(address from, address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, uint40 until, HolderAccount sender, HolderAccount recipient)
    {
        uint256 rules = SeriesTerms.word(0);
        SeriesState s = _state;
        (reason, until) = _judgeSeries(s, rules);
        if (reason == IRevenueRight.Refusal.None) (reason, until, sender) = _judgeSender(from);
        if (reason == IRevenueRight.Refusal.None) (reason, recipient) = _judgeRecipient(to, rules);
        if (reason == IRevenueRight.Refusal.None) reason = _unitsRefusal(from, sender, units);
        if (reason == IRevenueRight.Refusal.None && from != to) {
            reason = _belowTicket(sender.balance() - units, rules)
                ? IRevenueRight.Refusal.BelowMinimumTicket
                : _sizeRefusal(from, sender.balance(), to, recipient.balance(), units, rules);
        }
        if (reason == IRevenueRight.Refusal.None && s.supervised()) reason = _supervisorRefusal(from, to, units);
    }

    function _judgeSeries(SeriesState s, uint256 rules)
        internal
        view
        returns (IRevenueRight.Refusal reason, uint40 until)
    {
        if (!s.isTrading()) {
            (reason, until) = _stateRefusal(s);
            if (reason != IRevenueRight.Refusal.None) return (reason, until);
        }
        until = rules.lockedUntil();
        if (block.timestamp < until) return (IRevenueRight.Refusal.SeriesLocked, until);
        return rules.isWindowed() ? _windowRefusal(until) : (IRevenueRight.Refusal.None, 0);
    }

    function _stateRefusal(SeriesState s) private view returns (IRevenueRight.Refusal, uint40 until) {
        if (!s.isSealed()) return (IRevenueRight.Refusal.NotSealed, 0);
        if (s.closed()) return (IRevenueRight.Refusal.SeriesClosed, 0);
        return s.paused() ? (IRevenueRight.Refusal.Paused, 0) : _policyRefusal();
    }

    /// @dev Asked only while the series is marked restricted. The factory cannot have marked it without a policy.
    function _policyRefusal() internal view returns (IRevenueRight.Refusal, uint40 until) {
        address policy = ISeriesFactory(SeriesTerms.word(1).factory()).policy();
        IJurisdictionPolicy.Mode mode;
        (mode, until) = IJurisdictionPolicy(policy).restrictionOf(address(this));
        if (mode == IJurisdictionPolicy.Mode.Open) return (IRevenueRight.Refusal.None, 0);
        bool filing = mode == IJurisdictionPolicy.Mode.FilingRequired;
        return (filing ? IRevenueRight.Refusal.FilingRequired : IRevenueRight.Refusal.EvidenceOnly, until);
    }

    /// @dev Windows open at `start` and every windowEvery seconds after it.
    function _windowRefusal(uint40 start) private view returns (IRevenueRight.Refusal, uint40 until) {
        uint256 limits = SeriesTerms.word(2);
        uint256 every = limits.windowEvery();
        uint256 since = (block.timestamp - start) % every;
        if (since < limits.windowLength()) return (IRevenueRight.Refusal.None, 0);
        return (IRevenueRight.Refusal.OutsideWindow, uint40(block.timestamp - since + every));
    }

    /// @dev Units frozen by an order stay; an order may name more than there are.
    function _unitsRefusal(address from, HolderAccount sender, uint256 units)
        private
        view
        returns (IRevenueRight.Refusal)
    {
        uint256 balance = sender.balance();
        if (units > balance) return IRevenueRight.Refusal.InsufficientBalance;
        if (!sender.extra()) return IRevenueRight.Refusal.None;
        uint256 frozen = _extras[from].frozenUnits;
        uint256 free = balance > frozen ? balance - frozen : 0;
        return units > free ? IRevenueRight.Refusal.UnitsFrozen : IRevenueRight.Refusal.None;
    }

    function _supervisorRefusal(address from, address to, uint256 units) private view returns (IRevenueRight.Refusal) {
        bytes memory question = abi.encodeCall(IERC3643Compliance.canTransfer, (from, to, units));
        (bool answered, bytes memory answer) = _supervisor.staticcall(question);
        bool allowed = answered && answer.length == 32 && uint256(bytes32(answer)) == 1;
        return allowed ? IRevenueRight.Refusal.None : IRevenueRight.Refusal.ComplianceRefused;
    }

    /* PLACEMENT */

    /// @dev Units are not sold while a filing is awaited or where they serve as evidence only. Allocating them, which `issue`
    /// does, is no sale.
    function _judgePlacement(address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, uint40 until, HolderAccount account)
    {
        (reason, account) = _judgeIssue(to, units);
        if (reason != IRevenueRight.Refusal.None || !_state.restricted()) return (reason, 0, account);
        (reason, until) = _policyRefusal();
    }
}
