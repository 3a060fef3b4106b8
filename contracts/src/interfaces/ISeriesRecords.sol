// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Record dates of a series: who holds when a period closes earns its money, whenever that comes.
/// @notice A period is closed for buyers at its record date, at that of a later period, or at its settlement, whichever is
/// first. A transfer in a block whose timestamp is `recordAt` or later comes after the record date.
interface ISeriesRecords {
    /// @notice The record date of a period was announced or moved; `recordAt` 0 says that it was withdrawn before it passed.
    event RecordScheduled(uint32 indexed period, uint40 recordAt);

    /// @notice A record date must lie ahead.
    error RecordInThePast(uint40 recordAt);
    /// @notice Five record dates wait for their money; this period is closed by its settlement unless one of them is paid first.
    error TooManyOpenRecords();
    /// @notice The period's record date has not passed, or its money has come or can no longer come.
    error NotOutstanding(uint32 period);

    /// @notice Announces the record date of a period, or moves or replaces the one announced last while it lies ahead.
    /// @custom:access-control ISSUER
    function scheduleRecord(uint32 period, uint40 recordAt) external;

    /// @notice Periods whose record date has passed and whose money is to come, oldest first.
    function outstandingRecords() external view returns (uint32[] memory periods);

    /// @notice Units whose holder earns the money of a closed period that is still to come.
    function unitsAt(address holder, uint32 period) external view returns (uint256);
}
