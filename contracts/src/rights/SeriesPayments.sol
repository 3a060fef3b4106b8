// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {Payment} from "../libraries/Payment.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesRecords} from "./SeriesRecords.sol";
import {SeriesState} from "./SeriesState.sol";

/// @title Money out, to each holder alone; the judgement whether a holder may be paid.
/// @dev Each payment debits the account before the currency is called and reads nothing afterwards, so a currency that
/// calls back finds nothing left to claim: no reentrancy lock is needed. A failed payment is undone by the opposite
/// entry, not by restoring a copy, so it is right whatever happened to the account meanwhile.
abstract contract SeriesPayments is SeriesRecords {
    /// @dev Pays what is claimable. Reverts if the holder may not be paid, or the currency refuses.
    function _claim(address holder) internal returns (uint256 amount) {
        SeriesState s = _state;
        Entry storage entry = _accounts[holder];
        HolderAccount account = entry.word;
        uint256 units = account.balance();
        if (!account.isPlain()) (account, units) = _settledAndStored(holder, account, s);
        HolderAccount paid;
        (paid, amount) = account.payAllDown(units, s.acc(), s.supply());
        if (amount == 0) return 0;
        if (!account.inOrder(_today())) paid = paid.withProfileOf(_payableAnew(holder, account));
        entry.word = paid;
        if (!Payment.tryTransfer(CURRENCY, holder, amount, gasleft())) {
            revert IRevenueRight.PaymentRejected(holder, uint64(amount));
        }
        emit IRevenueRight.FundsWithdrawn(holder, amount);
    }

    /// @dev Pays what is claimable if that can be done; returns whether it was.
    function _tryPay(address holder, SeriesState s, uint256 today) internal returns (bool) {
        Entry storage entry = _accounts[holder];
        HolderAccount account = entry.word;
        uint256 units = account.balance();
        if (!account.isPlain()) (account, units) = _settledAndStored(holder, account, s);
        (HolderAccount paid, uint256 amount) = account.payAllDown(units, s.acc(), s.supply());
        if (amount == 0) return false;
        if (!account.inOrder(today)) {
            IRevenueRight.Refusal reason;
            (reason, account) = _judgeAnew(holder, account);
            if (reason != IRevenueRight.Refusal.None) return _skip(holder, amount, reason);
            paid = paid.withProfileOf(account);
        }
        entry.word = paid;
        Payment.requireGas();
        if (!Payment.tryTransfer(CURRENCY, holder, amount, Payment.GAS)) {
            entry.word = entry.word.unpay(amount, s.supply());
            return _skip(holder, amount, IRevenueRight.Refusal.PaymentRejected);
        }
        emit IRevenueRight.FundsWithdrawn(holder, amount);
        return true;
    }

    function _skip(address holder, uint256 amount, IRevenueRight.Refusal reason) private returns (bool) {
        emit IRevenueRight.PaymentSkipped(holder, uint64(amount), reason);
        return false;
    }

    /// @dev An account that is not plain, settled and stored, and the units of it that count for the money to come next.
    function _settledAndStored(address holder, HolderAccount account, SeriesState s)
        private
        returns (HolderAccount, uint256 units)
    {
        uint256 older;
        (account, older) = _settled(holder, account, s);
        account = _withOlder(holder, account, older);
        _store(holder, account);
        return (account, _counting(account, older));
    }

    /// @dev The account with attributes read anew; reverts if the holder may not be paid on these either.
    function _payableAnew(address holder, HolderAccount account) private returns (HolderAccount) {
        IRevenueRight.Refusal reason;
        (reason, account) = _judgeAnew(holder, account);
        if (reason != IRevenueRight.Refusal.None) revert IRevenueRight.PaymentWithheld(holder, reason);
        return account;
    }

    /// @dev Whether a holder may be paid after all: decided, like a transfer, only on attributes read anew; keeps these.
    function _judgeAnew(address holder, HolderAccount account)
        internal
        returns (IRevenueRight.Refusal, HolderAccount fresh)
    {
        (fresh,) = _refreshed(holder, account);
        _store(holder, fresh);
        if (fresh.inOrder(_today())) return (IRevenueRight.Refusal.None, fresh);
        return (fresh.frozen() ? IRevenueRight.Refusal.RecipientFrozen : IRevenueRight.Refusal.RecipientExpired, fresh);
    }
}
