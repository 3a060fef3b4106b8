// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643IdentityRegistry} from "../interfaces/IERC3643.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";

/// @title The registry as tools of ERC-3643 read it.
/// @notice DUTY. Answers the four questions that ERC-3643 asks an identity registry, from the same wallets that the rest of
/// the project reads, so that no second list can differ.
///
/// LIMITS. There are no identity contracts and no claims: `identity` gives a participant's number in the form of an address
/// without code, equal for all wallets of one participant, and the storage behind the registry and those of
/// issuers and claim topics are nobody.
/// `isVerified` speaks of the identity check alone; what a series allows beyond it, the series says (`canReceive`).
abstract contract IdentityViews is IParticipantRegistry, IERC3643IdentityRegistry {
    /* STORAGE */

    mapping(address wallet => Wallet) internal _wallets;

    /* VIEWS */

    /// @inheritdoc IParticipantRegistry
    function walletOf(address wallet) external view returns (Wallet memory) {
        return _wallets[wallet];
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function contains(address wallet) external view returns (bool) {
        return _wallets[wallet].participant != 0;
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function isVerified(address wallet) external view returns (bool) {
        Wallet memory w = _wallets[wallet];
        return w.participant != 0 && !w.frozen && !w.lost && w.kycUntil >= block.timestamp / 1 days;
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function identity(address wallet) external view returns (address) {
        return address(uint160(_wallets[wallet].participant));
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function investorCountry(address wallet) external view returns (uint16) {
        return _wallets[wallet].country;
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function identityStorage() external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function issuersRegistry() external pure returns (address) {
        return address(0);
    }

    /// @inheritdoc IERC3643IdentityRegistry
    function topicsRegistry() external pure returns (address) {
        return address(0);
    }
}
