// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {SeriesPayments} from "./SeriesPayments.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Money in, for all holders at once, and the calls for money out.
abstract contract SeriesIncome is SeriesPayments, IRevenueRight {
    /* MONEY IN */

    /// @inheritdoc IRevenueRight
    function distribute(uint32 period, uint64 amount) external {
        if (msg.sender != DISTRIBUTOR) revert NotDistributor(msg.sender);
        SeriesState s = _state;
        if (!s.inService()) _refuseMoney(s);
        _requireNext(period, s.lastPeriod());
        uint256 before = s.acc();
        uint256 acc = before + amount;
        if (acc > MAX_ACC) revert LimitExceeded(acc, MAX_ACC);
        if (s.moved()) s = _closeRecords(s, period, before, acc);
        s = s.distributed(uint64(acc), period);
        _state = s;
        emit Distributed(period, s.distributions(), amount, uint64(acc), s.supply());
    }

    function _refuseMoney(SeriesState s) private pure {
        if (s.closed()) revert SeriesIsClosed();
        revert NotSealed();
    }

    function _requireNext(uint256 period, uint256 last) private view {
        uint256 scope = SeriesTerms.word(1);
        (uint256 earliest, uint256 latest) = (SeriesTerms.termFrom(scope), SeriesTerms.lastPayable(scope));
        if (period < earliest || period > latest || period <= last) {
            revert PeriodOutOfTerm(uint32(period), uint32(last < earliest ? earliest : last + 1), uint32(latest));
        }
    }

    /* MONEY OUT */

    /// @inheritdoc IRevenueRight
    function claim() external returns (uint64) {
        return uint64(_claim(msg.sender));
    }

    /// @inheritdoc IRevenueRight
    function claimFor(address holder) external returns (uint64) {
        return uint64(_claim(holder));
    }

    /// @inheritdoc IRevenueRight
    function push(address[] calldata holders) external returns (uint256 paid) {
        SeriesState s = _state;
        uint256 today = _today();
        for (uint256 i = 0; i < holders.length; ++i) {
            bool done = _tryPay(holders[i], s, today);
            unchecked {
                // At most as many as the page has holders.
                if (done) ++paid;
            }
        }
    }

    /// @inheritdoc IRevenueRight
    function claimable(address holder) external view returns (uint64) {
        return uint64(_claimable(holder));
    }
}
