// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What the law adds to a series: restriction by policy and recovery of lost wallets.
interface ISeriesCompliance {
    /// @notice The jurisdiction policy began or ceased to restrict the series.
    event Restricted(bool restricted);
    /// @notice All that a lost wallet had is now another wallet's of the same participant.
    event Recovered(address indexed lost, address indexed replacement, uint256 units, uint256 frozenUnits);

    /// @notice The caller is neither the factory nor its policy.
    error NotPolicy(address caller);
    /// @notice The caller is not the participant registry.
    error NotRegistry(address caller);
    /// @notice The registry does not say that the wallet is lost.
    error WalletNotLost(address wallet);
    /// @notice The two wallets are not of one participant.
    error NotSameParticipant(address lost, address replacement);

    /// @notice Begins or ceases to ask the policy about transfers. Only the policy, or the factory at creation.
    function setRestricted(bool restricted) external;

    /// @notice Moves units, frozen units, and income paid or not, from a wallet that the registry says is lost to another
    /// wallet of its participant. Only the registry, at the order of a registrar.
    function recover(address lost, address replacement) external;
}
