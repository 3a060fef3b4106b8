// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Balances of a series as they were when a vote was called. Not for income.
interface ISeriesSnapshots {
    /// @notice All balances are kept as they are now, until `until`.
    event SnapshotOpened(uint32 indexed id, uint40 takenAt, uint40 until);

    /// @notice One snapshot at a time.
    error SnapshotStillOpen(uint32 id, uint40 until);
    /// @notice The snapshot is over (or there never was one): balances are not known any more.
    error SnapshotEnded(uint40 until);

    /// @notice Keeps all balances as they are now, to be read until `until`, inclusive. @custom:access-control VOTING
    function openSnapshot(uint40 until) external returns (uint32 id);

    /// @notice Units of a holder at the snapshot.
    function balanceAt(address holder, uint32 id) external view returns (uint256);

    /// @notice When a snapshot was taken, until when it can be read, and the units outstanding then; zeros if unknown.
    function snapshotOf(uint32 id) external view returns (uint40 takenAt, uint40 until, uint256 supply);
}
