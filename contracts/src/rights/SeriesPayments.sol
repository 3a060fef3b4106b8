// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {Payment} from "../libraries/Payment.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Money in, for all holders at once; money out, to each holder alone.
/// @dev Each payment debits the account before the currency is called and reads nothing afterwards, so a currency that
/// calls back finds nothing left to claim: no reentrancy lock is needed. A failed payment is undone by the opposite
/// entry, not by restoring a copy, so it is right whatever happened to the account meanwhile.
abstract contract SeriesPayments is SeriesBase {
    /// @dev 2⁶³ − 1: keeps acc·balance and paid·supply below 2¹²⁶, so that debts fit (see HolderAccount).
    uint256 internal constant MAX_UNITS = type(uint64).max >> 1;

    /* MONEY IN */

    /// @inheritdoc IRevenueRight
    function distribute(uint32 period, uint64 amount) external {
        if (msg.sender != DISTRIBUTOR) revert NotDistributor(msg.sender);
        SeriesState s = _state;
        if (!s.isSealed() || s.supply() == 0) revert NotSealed();
        _requireNext(period, s.lastPeriod());
        uint256 acc = uint256(s.acc()) + amount;
        if (acc > MAX_UNITS) revert LimitExceeded(acc, MAX_UNITS);
        s = s.distributed(uint64(acc), period);
        _state = s;
        emit Distributed(period, s.distributions(), amount, uint64(acc), s.supply());
    }

    function _requireNext(uint32 period, uint32 last) private view {
        uint256 scope = SeriesTerms.word(1);
        (uint32 earliest, uint32 latest) = (uint32(scope >> 32), uint32(scope));
        if (period < earliest || period > latest || period <= last) {
            revert PeriodOutOfTerm(period, last < earliest ? earliest : last + 1, latest);
        }
    }

    /* MONEY OUT */

    /// @inheritdoc IRevenueRight
    function claim() external returns (uint64) {
        return _claim(msg.sender);
    }

    /// @inheritdoc IRevenueRight
    function claimFor(address holder) external returns (uint64) {
        return _claim(holder);
    }

    /// @inheritdoc IRevenueRight
    function push(address[] calldata holders) external returns (uint256 paid) {
        SeriesState s = _state;
        (uint256 acc, uint256 supply, uint256 today) = (s.acc(), s.supply(), _today());
        for (uint256 i = 0; i < holders.length; ++i) {
            address holder = holders[i];
            Entry storage entry = _accounts[holder];
            HolderAccount account = entry.word;
            uint256 amount = account.claimableDown(acc, supply);
            if (amount == 0) continue;
            if (!account.inOrder(today)) {
                Refusal reason;
                (reason, account) = _judgeAnew(holder, account, today);
                if (reason != Refusal.None) {
                    emit PaymentSkipped(holder, uint64(amount), reason);
                    continue;
                }
            }
            entry.word = account.pay(amount, supply);
            Payment.requireGas();
            if (!Payment.tryTransfer(CURRENCY, holder, amount, Payment.GAS)) {
                entry.word = entry.word.unpay(amount, supply);
                emit PaymentSkipped(holder, uint64(amount), Refusal.PaymentRejected);
                continue;
            }
            unchecked {
                // At most as many as the page has holders.
                ++paid;
            }
            emit Paid(holder, uint64(amount), uint64(acc));
        }
    }

    /// @inheritdoc IRevenueRight
    function claimable(address holder) external view returns (uint64) {
        return uint64(_accounts[holder].word.claimableDown(_state.acc(), _state.supply()));
    }

    function _claim(address holder) private returns (uint64) {
        SeriesState s = _state;
        (uint256 acc, uint256 supply, uint256 today) = (s.acc(), s.supply(), _today());
        Entry storage entry = _accounts[holder];
        HolderAccount account = entry.word;
        uint256 amount = account.claimableDown(acc, supply);
        if (amount == 0) return 0;
        if (!account.inOrder(today)) {
            Refusal reason;
            (reason, account) = _judgeAnew(holder, account, today);
            if (reason != Refusal.None) revert PaymentWithheld(holder, reason);
        }
        entry.word = account.pay(amount, supply);
        if (!Payment.tryTransfer(CURRENCY, holder, amount, gasleft())) revert PaymentRejected(holder, uint64(amount));
        emit Paid(holder, uint64(amount), uint64(acc));
        return uint64(amount);
    }

    /// @dev Whether a holder may be paid after all: decided, like a transfer, only on attributes read anew; keeps these.
    function _judgeAnew(address holder, HolderAccount account, uint256 today)
        private
        returns (Refusal, HolderAccount fresh)
    {
        (fresh,) = _refreshed(holder, account);
        _store(holder, fresh);
        if (fresh.inOrder(today)) return (Refusal.None, fresh);
        return (fresh.frozen() ? Refusal.RecipientFrozen : Refusal.RecipientExpired, fresh);
    }
}
