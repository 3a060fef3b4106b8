// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Token functions of ERC-3643 beyond ERC-20, ERC-7943, which has `forcedTransfer` and `getFrozenTokens` in common, and
/// `batchTransfer`, which stands in IRevenueRight.
interface IERC3643 {
    /// @notice Whom the token asks about identities.
    event IdentityRegistryAdded(address indexed _identityRegistry);
    /// @notice Whom the token asks about transfers, besides its own rules.
    event ComplianceAdded(address indexed _compliance);
    /// @notice A lost wallet's units were moved to another wallet of the same investor.
    event RecoverySuccess(address _lostWallet, address _newWallet, address _investorOnchainID);
    /// @notice A wallet was frozen or released for this token.
    event AddressFrozen(address indexed _userAddress, bool indexed _isFrozen, address indexed _owner);
    /// @notice More units of a wallet are frozen.
    event TokensFrozen(address indexed _userAddress, uint256 _amount);
    /// @notice Fewer units of a wallet are frozen.
    event TokensUnfrozen(address indexed _userAddress, uint256 _amount);
    /// @notice Transfers were stopped.
    event Paused(address _userAddress);
    /// @notice Transfers were allowed again.
    event Unpaused(address _userAddress);

    /* VIEWS */

    /// @notice Identity contract of the token: none.
    function onchainID() external view returns (address);

    /// @notice Version of the token's code.
    function version() external view returns (string memory);

    /// @notice Registry that knows the wallets.
    function identityRegistry() external view returns (address);

    /// @notice Contract that judges transfers: an external one if set, else the token itself.
    function compliance() external view returns (address);

    /// @notice True while units do not move.
    function paused() external view returns (bool);

    /// @notice True if the wallet is frozen, for this token or for all.
    function isFrozen(address _userAddress) external view returns (bool);

    /* FIXED AT CREATION */

    /// @notice Always refused: terms are fixed in the code.
    function setName(string calldata _name) external;

    /// @notice Always refused: terms are fixed in the code.
    function setSymbol(string calldata _symbol) external;

    /// @notice Always refused: a series has no identity contract.
    function setOnchainID(address _onchainID) external;

    /// @notice Always refused: the registry is fixed in the code.
    function setIdentityRegistry(address _identityRegistry) external;

    /* ORDERS */

    /// @notice Sets an external compliance contract, asked besides the rules of the series; 0 for none.
    /// @custom:access-control ADMIN
    function setCompliance(address _compliance) external;

    /// @notice Stops transfers; claims go on. @custom:access-control PAUSER
    function pause() external;

    /// @notice Allows transfers again. @custom:access-control PAUSER
    function unpause() external;

    /// @notice Freezes or releases a wallet for this token. @custom:access-control REGISTRAR
    function setAddressFrozen(address _userAddress, bool _freeze) external;

    /// @notice Freezes units the wallet has. @custom:access-control REGISTRAR
    function freezePartialTokens(address _userAddress, uint256 _amount) external;

    /// @notice Releases frozen units. @custom:access-control REGISTRAR
    function unfreezePartialTokens(address _userAddress, uint256 _amount) external;

    /// @notice Issues units before sealing. @custom:access-control ISSUER
    function mint(address _to, uint256 _amount) external;

    /// @notice Takes issued units back before sealing. @custom:access-control ISSUER
    function burn(address _userAddress, uint256 _amount) external;

    /// @notice Moves all that a wallet marked lost has to another of the same participant. @custom:access-control REGISTRAR
    function recoveryAddress(address _lostWallet, address _newWallet, address _investorOnchainID)
        external
        returns (bool);

    /* BATCHES */

    /// @notice Several forced transfers. @custom:access-control REGISTRAR
    function batchForcedTransfer(address[] calldata _fromList, address[] calldata _toList, uint256[] calldata _amounts)
        external;

    /// @notice Several issues. @custom:access-control ISSUER
    function batchMint(address[] calldata _toList, uint256[] calldata _amounts) external;

    /// @notice Several returns of issued units. @custom:access-control ISSUER
    function batchBurn(address[] calldata _userAddresses, uint256[] calldata _amounts) external;

    /// @notice Several freezes of wallets. @custom:access-control REGISTRAR
    function batchSetAddressFrozen(address[] calldata _userAddresses, bool[] calldata _freeze) external;

    /// @notice Several freezes of units. @custom:access-control REGISTRAR
    function batchFreezePartialTokens(address[] calldata _userAddresses, uint256[] calldata _amounts) external;

    /// @notice Several releases of units. @custom:access-control REGISTRAR
    function batchUnfreezePartialTokens(address[] calldata _userAddresses, uint256[] calldata _amounts) external;
}

/// @title What ERC-3643 reads from an identity registry.
interface IERC3643IdentityRegistry {
    /// @notice Contract that keeps the identities of several registries.
    function identityStorage() external view returns (address);

    /// @notice Registry of trusted claim issuers.
    function issuersRegistry() external view returns (address);

    /// @notice Registry of claim topics.
    function topicsRegistry() external view returns (address);

    /// @notice True if the wallet is registered.
    function contains(address _userAddress) external view returns (bool);

    /// @notice True if the wallet is registered and its identity check valid.
    function isVerified(address _userAddress) external view returns (bool);

    /// @notice What all wallets of one investor have in common.
    function identity(address _userAddress) external view returns (address);

    /// @notice ISO 3166-1 numeric country code.
    function investorCountry(address _userAddress) external view returns (uint16);
}

/// @title What ERC-3643 asks of a compliance contract.
interface IERC3643Compliance {
    /// @notice Whether a transfer complies.
    function canTransfer(address _from, address _to, uint256 _amount) external view returns (bool);

    /// @notice A transfer was made.
    function transferred(address _from, address _to, uint256 _amount) external;

    /// @notice Units were issued.
    function created(address _to, uint256 _amount) external;

    /// @notice Units were taken back.
    function destroyed(address _from, uint256 _amount) external;
}
