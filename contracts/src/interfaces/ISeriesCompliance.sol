// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title What the law adds to a series: restriction by policy, recovery of lost wallets, and reasons with their values.
interface ISeriesCompliance {
    /// @notice The jurisdiction policy began or ceased to restrict the series.
    event Restricted(bool restricted);
    /// @notice All that a lost wallet had is now another wallet's of the same participant.
    event Recovered(address indexed lost, address indexed replacement, uint256 units, uint256 frozenUnits);

    /// @notice The caller is neither the factory nor its policy.
    error NotPolicy(address caller);
    /// @notice The registry does not say that the wallet is lost.
    error WalletNotLost(address wallet);
    /// @notice The two wallets are not of one participant.
    error NotSameParticipant(address lost, address replacement);

    /// @notice Begins or ceases to ask the policy about transfers. Only the policy, or the factory at creation.
    function setRestricted(bool restricted) external;

    /// @notice Moves units, frozen units, and income paid or not, from a wallet that the registry says is lost to another
    /// wallet of its participant. Only the registry, or a registrar. @custom:access-control REGISTRAR
    function recover(address lost, address replacement) external;

    /// @notice Like `checkTransfer`, with the rule that refuses and its values.
    /// @param rule Name of the rule (ASCII), zero if there is no refusal.
    /// @param limit What the rule allows or demands.
    /// @param actual What the transfer, or the wallet, has instead.
    function explainTransfer(address from, address to, uint256 units)
        external
        view
        returns (IRevenueRight.Refusal reason, uint40 until, bytes32 rule, uint256 limit, uint256 actual);

    /// @notice Participants that hold units, counted only where the series has a cap on them; 0 for all countries together.
    function holdersIn(uint16 country) external view returns (uint256);
}
