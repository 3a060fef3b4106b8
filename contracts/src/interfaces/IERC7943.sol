// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ERC-7943 for fungible tokens; interface id 0x3edbb4c4.
interface IERC7943 {
    /// @notice Units were taken from one account and given to another by order.
    event ForcedTransfer(address indexed from, address indexed to, uint256 amount);
    /// @notice `amount` units of `account` are frozen from now on.
    event Frozen(address indexed account, uint256 amount);

    /// @notice The account may not send.
    error ERC7943CannotSend(address account);
    /// @notice The account may not receive.
    error ERC7943CannotReceive(address account);
    /// @notice A rule forbids the transfer.
    error ERC7943CannotTransfer(address from, address to, uint256 amount);
    /// @notice `account` has `amount` units, but only `unfrozen` are not frozen.
    error ERC7943InsufficientUnfrozenBalance(address account, uint256 amount, uint256 unfrozen);

    /// @notice Moves units by order, frozen or not; the receiver must be allowed to hold them.
    /// @custom:access-control REGISTRAR
    function forcedTransfer(address from, address to, uint256 amount) external returns (bool result);

    /// @notice Sets how many units of an account are frozen, in place of the former number; may be more than it has.
    /// @custom:access-control REGISTRAR
    function setFrozenTokens(address account, uint256 amount) external returns (bool result);

    /// @notice Whether an account is in order for sending.
    function canSend(address account) external view returns (bool allowed);

    /// @notice Whether an account is in order for receiving.
    function canReceive(address account) external view returns (bool allowed);

    /// @notice Frozen units of an account; may be more than it has.
    function getFrozenTokens(address account) external view returns (uint256 amount);

    /// @notice Whether `from` itself could make this transfer now.
    function canTransfer(address from, address to, uint256 amount) external view returns (bool allowed);
}
