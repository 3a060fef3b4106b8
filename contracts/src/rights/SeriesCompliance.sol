// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Who may send to whom. One function decides for `transfer` and for `checkTransfer`, so they cannot disagree.
/// @dev Every refusal that rests on cached attributes is decided only after they were read anew, so a wallet that was
/// admitted, renewed or released needs no `sync` first. Consent rests on the cache alone: a freeze is pushed at once.
abstract contract SeriesCompliance is SeriesBase {
    using SeriesTerms for uint256;

    /// @dev Decides on a transfer. The accounts come back with fresh attributes where these had to be read.
    function _judge(address from, address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, uint40 until, HolderAccount sender, HolderAccount recipient)
    {
        uint256 rules = SeriesTerms.word(0);
        (reason, until) = _judgeSeries(rules);
        if (reason == IRevenueRight.Refusal.None) (reason, until, sender) = _judgeSender(from);
        if (reason == IRevenueRight.Refusal.None) (reason, recipient) = _judgeRecipient(to, rules);
        if (reason == IRevenueRight.Refusal.None) reason = _unitsRefusal(from, sender, units);
        if (reason == IRevenueRight.Refusal.None && from != to) {
            bool small =
                _belowTicket(sender.balance() - units, rules) || _belowTicket(recipient.balance() + units, rules);
            if (small) reason = IRevenueRight.Refusal.BelowMinimumTicket;
        }
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

    function _judgeSeries(uint256 rules) internal view returns (IRevenueRight.Refusal, uint40 until) {
        SeriesState state = _state;
        if (!state.isTrading()) return (_stateRefusal(state), 0);
        until = rules.lockedUntil();
        return block.timestamp < until ? (IRevenueRight.Refusal.SeriesLocked, until) : (IRevenueRight.Refusal.None, 0);
    }

    function _stateRefusal(SeriesState state) private pure returns (IRevenueRight.Refusal) {
        if (!state.isSealed()) return IRevenueRight.Refusal.NotSealed;
        return state.closed() ? IRevenueRight.Refusal.SeriesClosed : IRevenueRight.Refusal.Paused;
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
        return account.locked()
            ? (IRevenueRight.Refusal.SenderLocked, until, account)
            : (IRevenueRight.Refusal.None, 0, account);
    }

    /// @dev Decides whether an account may be given new units.
    function _judgeIssue(address to, uint256 units)
        internal
        view
        returns (IRevenueRight.Refusal reason, HolderAccount account)
    {
        uint256 rules = SeriesTerms.word(0);
        (reason, account) = _judgeRecipient(to, rules);
        if (reason == IRevenueRight.Refusal.None && _belowTicket(account.balance() + units, rules)) {
            reason = IRevenueRight.Refusal.BelowMinimumTicket;
        }
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

    /// @dev Holding nothing is always allowed.
    function _belowTicket(uint256 balance, uint256 rules) internal pure returns (bool) {
        return balance != 0 && balance < rules.minTicket();
    }
}
