// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643Compliance} from "../interfaces/IERC3643.sol";
import {IJurisdictionPolicy} from "../interfaces/IJurisdictionPolicy.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Who may send to whom, and who may be given units. One judge decides for `transfer`, for `checkTransfer` and for the
/// views of the standards, so they cannot disagree; issuing and forced transfers ask its second half, on the receiver.
/// @dev Every refusal that rests on cached attributes is decided only after they were read anew, so a wallet that was
/// admitted, renewed or released needs no `sync` first. Consent rests on the cache alone: a freeze is pushed at once.
/// Caps, windows, the policy and an external contract cost a transfer nothing where a series has none.
abstract contract SeriesCompliance is SeriesBase {
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

    /// @dev The country and class of a sender do not matter: who no longer qualifies must be able to leave.
    function _judgeSender(address from)
        internal
        view
        returns (IRevenueRight.Refusal, uint40 until, HolderAccount account)
    {
        account = _accounts[from].word;
        if (account.inOrder(_today()) && !account.locked()) return (IRevenueRight.Refusal.None, 0, account);
        (account, until) = _refreshed(from, account);
        if (account.frozen()) return (IRevenueRight.Refusal.SenderFrozen, 0, account);
        if (account.kycUntil() < _today()) return (IRevenueRight.Refusal.SenderExpired, 0, account);
        if (account.locked()) return (IRevenueRight.Refusal.SenderLocked, until, account);
        return (IRevenueRight.Refusal.None, 0, account);
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
        return frozen != 0 && frozen > balance - units ? IRevenueRight.Refusal.UnitsFrozen : IRevenueRight.Refusal.None;
    }

    function _supervisorRefusal(address from, address to, uint256 units) private view returns (IRevenueRight.Refusal) {
        bytes memory question = abi.encodeCall(IERC3643Compliance.canTransfer, (from, to, units));
        (bool answered, bytes memory answer) = _supervisor.staticcall(question);
        bool allowed = answered && answer.length == 32 && uint256(bytes32(answer)) == 1;
        return allowed ? IRevenueRight.Refusal.None : IRevenueRight.Refusal.ComplianceRefused;
    }

    /* RECEIVING */

    /// @dev Decides whether an account may be given new units.
    function _judgeIssue(address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, HolderAccount account)
    {
        uint256 rules = SeriesTerms.word(0);
        (reason, account) = _judgeRecipient(to, rules);
        if (reason == IRevenueRight.Refusal.None) {
            reason = _sizeRefusal(address(0), 0, to, account.balance(), units, rules);
        }
    }

    /// @dev Units are not sold to the public while a filing is awaited. Allocating them, which `issue` does, is no sale.
    function _judgePlacement(address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, uint40 until, HolderAccount account)
    {
        (reason, account) = _judgeIssue(to, units);
        if (reason != IRevenueRight.Refusal.None || !_state.restricted()) return (reason, 0, account);
        (reason, until) = _policyRefusal();
        if (reason == IRevenueRight.Refusal.EvidenceOnly) reason = IRevenueRight.Refusal.None;
    }

    function _judgeRecipient(address to, uint256 rules)
        internal
        view
        returns (IRevenueRight.Refusal reason, HolderAccount account)
    {
        account = _accounts[to].word;
        reason = _recipientRefusal(account, rules);
        if (reason == IRevenueRight.Refusal.None) return (reason, account);
        (account,) = _refreshed(to, account);
        reason = _recipientRefusal(account, rules);
    }

    function _recipientRefusal(HolderAccount account, uint256 rules) private view returns (IRevenueRight.Refusal) {
        uint8 class = account.class();
        if (class == 0) return IRevenueRight.Refusal.RecipientUnknown;
        if (account.frozen()) return IRevenueRight.Refusal.RecipientFrozen;
        if (account.kycUntil() < _today()) return IRevenueRight.Refusal.RecipientExpired;
        if (!_allowsCountry(rules.countries(), account.country())) return IRevenueRight.Refusal.CountryNotAllowed;
        return (rules.classes() >> class) & 1 == 0 ? IRevenueRight.Refusal.ClassNotAllowed : IRevenueRight.Refusal.None;
    }

    /// @dev No list allows every country.
    function _allowsCountry(uint128 list, uint16 country) private pure returns (bool) {
        if (list == 0) return true;
        for (; list != 0; list >>= 16) {
            if (uint16(list) == country) return true;
        }
        return false;
    }

    /* SIZE */

    /// @dev What the receiver would hold, and who would hold besides. `from` is 0 for new units.
    function _sizeRefusal(address from, uint256 has, address to, uint256 had, uint256 units, uint256 rules)
        private
        view
        returns (IRevenueRight.Refusal)
    {
        if (_belowTicket(had + units, rules)) return IRevenueRight.Refusal.BelowMinimumTicket;
        bool newcomer = had == 0 && units != 0 && rules.isCapped();
        return newcomer ? _capRefusal(from, has == units, to) : IRevenueRight.Refusal.None;
    }

    /// @dev Whether there is no place for one more participant. One that gives its last units away leaves its place.
    function _capRefusal(address from, bool leaves, address to) internal view returns (IRevenueRight.Refusal) {
        IParticipantRegistry.Wallet memory wallet = REGISTRY.walletOf(to);
        if (_holdings[wallet.participant].wallets != 0) return IRevenueRight.Refusal.None;
        (uint256 all, uint256 same) = (_holders[0], _holders[wallet.country]);
        if (leaves && from != address(0)) {
            Holding memory left = _holdings[REGISTRY.walletOf(from).participant];
            if (left.wallets == 1) {
                --all;
                if (left.country == wallet.country) --same;
            }
        }
        uint256 limits = SeriesTerms.word(2);
        (uint256 cap, uint256 within) = (limits.holderCap(), limits.countryCap());
        if (cap != 0 && all >= cap) return IRevenueRight.Refusal.HolderCapReached;
        return within != 0 && same >= within ? IRevenueRight.Refusal.CountryCapReached : IRevenueRight.Refusal.None;
    }

    /// @dev Holding nothing is always allowed.
    function _belowTicket(uint256 balance, uint256 rules) internal pure returns (bool) {
        return balance != 0 && balance < rules.minTicket();
    }
}
