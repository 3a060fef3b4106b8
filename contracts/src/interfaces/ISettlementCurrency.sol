// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Permissioned 6-decimal test currency for local and test chains.
interface ISettlementCurrency {
    /// @notice An address was blocked or released.
    event Blocked(address indexed account, bool blocked);

    /// @notice The account may neither send nor receive.
    error AccountBlocked(address account);
    /// @notice More would be minted than an account can count.
    error SupplyTooLarge(uint256 supply);

    /// @notice Mints. @custom:access-control TREASURER
    function mint(address to, uint256 amount) external;

    /// @notice Blocks or releases an account. @custom:access-control REGISTRAR
    function setBlocked(address account, bool blocked) external;

    /// @notice True if the account is blocked.
    function isBlocked(address account) external view returns (bool);
}
