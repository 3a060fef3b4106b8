// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The end of a series.
interface ISeriesLifecycle {
    /// @notice No more money can come and units no longer move. Claims go on for ever.
    event Closed(uint64 acc, uint64 supply);
    /// @notice A holder's units were burned; `paid` is what was still claimable.
    event Redeemed(address indexed holder, uint256 units, uint64 paid);

    /// @notice The last payable period is neither distributed nor settled.
    error TermNotOver(uint32 reached, uint32 end);
    /// @notice Units are redeemed only after closing.
    error NotClosed();
    /// @notice The holder has no units, or had them redeemed.
    error NothingToRedeem(address holder);

    /// @notice Ends the life of a series whose last payable period was distributed or settled without money. Anyone may call.
    function close() external;

    /// @notice Pays a holder what is left and burns the holder's units; anyone may call. A holder who may not be paid now, or
    /// whose units are frozen, is refused and left as is.
    function redeem(address holder) external returns (uint64 paid);
}
