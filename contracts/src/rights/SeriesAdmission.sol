// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Who may send, who may be given units, and how many may hold them.
/// @dev Every refusal that rests on cached attributes is decided only after they were read anew, so a wallet that was
/// admitted, renewed or released needs no `sync` first. Consent rests on the cache alone: a freeze is pushed at once.
abstract contract SeriesAdmission is SeriesBase {
    using SeriesTerms for uint256;

    /* SENDING */

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
        internal
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
