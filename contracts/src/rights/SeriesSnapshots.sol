// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesSnapshots} from "../interfaces/ISeriesSnapshots.sol";
import {SeriesRecords} from "./SeriesRecords.sol";
import {SeriesState} from "./SeriesState.sol";

/// @title Balances as they were when a vote was called.
/// @dev While a snapshot is open the first change of a balance keeps the old one (SeriesRecords); whoever does not move pays
/// nothing. After its end changes are no longer kept, so it is no longer answered. Income has nothing to do with it.
abstract contract SeriesSnapshots is SeriesRecords, ISeriesSnapshots {
    /// @inheritdoc ISeriesSnapshots
    function openSnapshot(uint40 until) external authorized returns (uint32 id) {
        SeriesState s = _state;
        if (!s.isSealed()) revert IRevenueRight.NotSealed();
        if (until <= block.timestamp) revert SnapshotEnded(until);
        uint256 last = _snapshots;
        uint40 end = _snapshotOf[last].until;
        if (block.timestamp <= end) revert SnapshotStillOpen(uint32(last), end);
        id = uint32(last + 1);
        _snapshots = id;
        _snapshotOf[id] = Snapshot(uint40(block.timestamp), until, s.supply() - uint48(_redeemed));
        _state = s.withSnapshot(true);
        emit SnapshotOpened(id, uint40(block.timestamp), until);
    }

    /// @inheritdoc ISeriesSnapshots
    function balanceAt(address holder, uint32 id) external view returns (uint256) {
        uint40 end = _snapshotOf[id].until;
        if (block.timestamp > end) revert SnapshotEnded(end);
        uint256 kept = _kept[id][holder];
        return kept == 0 ? _accounts[holder].word.balance() : kept ^ KEPT;
    }

    /// @inheritdoc ISeriesSnapshots
    function snapshotOf(uint32 id) external view returns (uint40 takenAt, uint40 until, uint256 supply) {
        Snapshot storage s = _snapshotOf[id];
        return (s.takenAt, s.until, s.supply);
    }
}
