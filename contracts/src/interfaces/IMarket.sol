// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What the places where units are sold have in common: one currency, known series, a pause.
interface IMarket {
    /// @notice Trading was paused or resumed.
    event MarketPauseSet(bool paused);

    /// @notice No new business is taken while the market is paused.
    error MarketPaused();
    /// @notice The series is not of a known factory, or pays in another currency.
    error UnknownSeries(address series);
    /// @notice The currency moved another amount than it was told to.
    error InexactPayment(uint256 told, uint256 moved);

    /// @notice Pauses or resumes new business; money that waits here stays within reach. @custom:access-control PAUSER
    function setPaused(bool paused) external;

    /// @notice True while paused.
    function isPaused() external view returns (bool);

    /// @notice Settlement currency.
    function currency() external view returns (address);

    /// @notice Factories whose series are traded.
    function factories() external view returns (address[] memory);
}
