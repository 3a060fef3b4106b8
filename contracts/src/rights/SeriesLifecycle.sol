// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IIncomeSource} from "../interfaces/IIncomeSource.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesLifecycle} from "../interfaces/ISeriesLifecycle.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesPayments} from "./SeriesPayments.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The end of a series: closed when no more money can come, then redeemed holder by holder.
/// @dev Redemption pays what is left and burns the units. The divisor of income stays as issued, so it takes nothing from anybody
/// else. What is not claimed stays claimable for ever: there is no path by which anybody else gets it, since no law that
/// would govern one is known to this contract. Closing and redeeming are open to anyone and pay only the holder.
abstract contract SeriesLifecycle is SeriesPayments, ISeriesLifecycle {
    /// @inheritdoc ISeriesLifecycle
    function close() external {
        SeriesState s = _state;
        if (s.closed()) revert IRevenueRight.SeriesIsClosed();
        if (!s.isSealed()) revert IRevenueRight.NotSealed();
        uint256 scope = SeriesTerms.word(1);
        uint256 end = SeriesTerms.lastPayable(scope);
        uint256 reached = s.lastPeriod();
        if (reached < end) {
            reached = IIncomeSource(DISTRIBUTOR).settledThrough(SeriesTerms.stream(scope));
            if (reached < end) revert TermNotOver(uint32(reached), uint32(end));
        }
        if (s.moved()) s = _closeRecords(s, end, s.acc(), s.acc());
        _state = s.withClosed(end);
        emit Closed(s.acc(), s.supply());
    }

    /// @inheritdoc ISeriesLifecycle
    function redeem(address holder) external returns (uint64 paid) {
        if (!_state.closed()) revert NotClosed();
        HolderAccount account = _accounts[holder].word;
        uint256 units = account.balance();
        if (units == 0) revert NothingToRedeem(holder);
        _requireRedeemable(holder, account);
        paid = uint64(_claim(holder));
        // Read anew: the payment changed the account, and the currency may have called back.
        account = _accounts[holder].word;
        units = account.balance();
        if (units == 0) revert NothingToRedeem(holder);
        SeriesState s = _state;
        if (s.snapshotOpen()) _keepBalances(s, holder, units, holder, units);
        _store(holder, account.debit(units, s.acc()));
        _redeemed += units;
        emit IERC20.Transfer(holder, address(0), units);
        emit Redeemed(holder, units, paid);
    }

    /// @dev Whoever may not be paid now, or whose units an order holds, is left as is.
    function _requireRedeemable(address holder, HolderAccount account) private {
        if (account.extra() && _extras[holder].frozenUnits != 0) {
            revert IRevenueRight.PaymentWithheld(holder, IRevenueRight.Refusal.UnitsFrozen);
        }
        if (account.inOrder(_today())) return;
        (IRevenueRight.Refusal reason,) = _judgeAnew(holder, account);
        if (reason != IRevenueRight.Refusal.None) revert IRevenueRight.PaymentWithheld(holder, reason);
    }
}
