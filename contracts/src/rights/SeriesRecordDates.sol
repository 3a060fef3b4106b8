// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesRecords} from "../interfaces/ISeriesRecords.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesRecords} from "./SeriesRecords.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @title Announcing record dates, and reading what was held at them.
/// @dev A record date is never set back: it lies ahead when announced and may be moved only until it has passed.
abstract contract SeriesRecordDates is SeriesRecords, ISeriesRecords {
    /// @dev An account has one mark and its second word four.
    uint256 private constant MOST_OUTSTANDING = 5;

    /// @inheritdoc ISeriesRecords
    function scheduleRecord(uint32 period, uint40 recordAt) external authorized {
        SeriesState s = _state;
        if (!s.inService()) revert IRevenueRight.NotSealed();
        if (recordAt <= block.timestamp) revert RecordInThePast(recordAt);
        _requireSchedulable(s, period);
        if (block.timestamp < s.recordAt()) {
            if (period != s.recordPeriod()) emit RecordScheduled(s.recordPeriod(), 0);
        } else {
            s = _retired(s);
        }
        _state = s.withRecord(period, recordAt);
        emit RecordScheduled(period, recordAt);
    }

    /// @inheritdoc ISeriesRecords
    function outstandingRecords() external view returns (uint32[] memory periods) {
        uint256 list = _outstanding(_state);
        periods = new uint32[](_count(list));
        for (uint256 i = 0; i < periods.length; ++i) {
            periods[i] = uint24(list >> (24 * i));
        }
    }

    /// @inheritdoc ISeriesRecords
    function unitsAt(address holder, uint32 period) external view returns (uint256) {
        SeriesState s = _state;
        if (period <= s.lastPeriod() || period > s.openRecord()) revert NotOutstanding(period);
        uint256 mark = _markOf(period);
        (HolderAccount a, uint256 older) = _settled(holder, _accounts[holder].word, s);
        return _unitsAtMark(a, older, mark);
    }

    /// @dev After the last record date that has passed, not yet distributed, and in the term.
    function _requireSchedulable(SeriesState s, uint32 period) private view {
        uint256 scope = SeriesTerms.word(1);
        (uint256 earliest, uint256 latest) = (SeriesTerms.termFrom(scope), SeriesTerms.lastPayable(scope));
        uint256 passed = s.passedRecord();
        if (passed < s.lastPeriod()) passed = s.lastPeriod();
        if (passed >= earliest) earliest = passed + 1;
        if (period < earliest || period > latest) {
            revert IRevenueRight.PeriodOutOfTerm(period, uint32(earliest), uint32(latest));
        }
    }

    /// @dev Makes room for a new record date: the newest becomes the one before, and that one joins the older ones.
    function _retired(SeriesState s) private returns (SeriesState) {
        uint256 list = _outstanding(s);
        uint256 count = _count(list);
        if (count == MOST_OUTSTANDING) revert TooManyOpenRecords();
        uint256 older = count < 2 ? 0 : list & ((1 << (24 * (count - 1))) - 1);
        if (older != 0) _backlog = older;
        return s.withRecordRetired().withBacklog(older != 0);
    }

    function _count(uint256 list) private pure returns (uint256 count) {
        for (; list != 0; list >>= 24) {
            ++count;
        }
    }
}
