// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Who may hold and receive: one packed slot per wallet, nothing personal on-chain.
/// @notice A participant (person or institution) may have several wallets. The registry stores only the attributes
/// that rules need; identity is a salted hash in an event.
interface IParticipantRegistry {
    /// @notice Investor class; the number is the bit position in a series' class mask.
    enum Class {
        None,
        Retail,
        Professional,
        Institution
    }

    /// @notice Attributes of one wallet (exactly one storage slot).
    /// @param participant Participant number, the same for all wallets of one participant; 0 is nobody.
    /// @param lockedUntil Unix time before which the wallet may not send units; 0 is no lock-up.
    /// @param kycUntil Last valid day of the identity check, in days since 1970-01-01 (inclusive).
    /// @param country ISO 3166-1 numeric code.
    /// @param class Investor class.
    /// @param frozen True while an order forbids that the wallet sends, receives or is paid.
    /// @param lost True once the wallet was replaced by another of the participant: frozen for ever.
    struct Wallet {
        uint64 participant;
        uint40 lockedUntil;
        uint16 kycUntil;
        uint16 country;
        Class class;
        bool frozen;
        bool lost;
    }

    /// @notice One wallet to be admitted or updated.
    /// @param wallet Address to write.
    /// @param participant Participant number, not 0.
    /// @param kycUntil Last valid day (days since epoch).
    /// @param country ISO 3166-1 numeric code, 1..999.
    /// @param class Investor class, not None.
    /// @param lockedUntil Lock-up end, 0 for none.
    /// @param identityHash keccak256(salt ‖ identity record), only emitted.
    struct Registration {
        address wallet;
        uint64 participant;
        uint16 kycUntil;
        uint16 country;
        Class class;
        uint40 lockedUntil;
        bytes32 identityHash;
    }

    /// @notice A wallet was admitted or its attributes were replaced. `attributes` is the wallet's slot, from the lowest bit:
    /// participant 64 | lockedUntil 40 | kycUntil 16 | country 16 | class 8 | frozen 8 | lost 8.
    event WalletRegistered(
        address indexed wallet, uint64 indexed participant, uint256 attributes, bytes32 identityHash
    );
    /// @notice A wallet was frozen or released. `reasonHash` is the hash of the order kept off-chain.
    event WalletFrozen(address indexed wallet, bool frozen, bytes32 reasonHash);
    /// @notice A participant lost control of `wallet`; it is frozen for ever and `replacement` takes its place.
    event WalletLost(address indexed wallet, address indexed replacement, uint64 indexed participant);
    /// @notice An account was appointed to, or removed from, the day-to-day registrar desk.
    event RegistrarAppointed(address indexed registrar, bool appointed);

    /// @notice The caller is not an appointed registrar.
    error NotRegistrar(address caller);
    /// @notice Only an account that holds the role REGISTRAR is appointed.
    error RegistrarWithoutRole(address account);
    /// @notice A registration has a value its field does not allow; `field` names it.
    error InvalidRegistration(address wallet, bytes32 field, uint256 value);
    /// @notice The wallet was never registered.
    error UnknownWallet(address wallet);
    /// @notice A wallet cannot move to another participant.
    error ParticipantMismatch(address wallet, uint64 current, uint64 given);
    /// @notice A lost wallet cannot take the place of another, nor can a wallet its own.
    error InvalidReplacement(address lost, address replacement);

    /// @notice Appoints or removes a registrar. Kept apart from AccessManager's per-call check so that admitting an
    /// investor costs one cheap slot read; the appointment itself is AccessManager-restricted
    /// and for holders of the role REGISTRAR.
    /// @custom:access-control ADMIN
    function appointRegistrar(address registrar, bool appointed) external;

    /// @notice Admits a single wallet.
    /// @custom:access-control appointed registrar
    function register(Registration calldata registration) external;

    /// @notice Admits or updates many wallets.
    /// @custom:access-control appointed registrar
    function registerBatch(Registration[] calldata registrations) external;

    /// @notice Freezes or releases a wallet and pushes the new flag to the given series at once.
    /// @custom:access-control appointed registrar
    function setFrozen(address wallet, bool frozen, bytes32 reasonHash, address[] calldata series) external;

    /// @notice Freezes or releases many wallets, such as all of a participant, and pushes the flags to the given series.
    /// @custom:access-control appointed registrar
    function setFrozenBatch(address[] calldata wallets, bool frozen, bytes32 reasonHash, address[] calldata series)
        external;

    /// @notice Replaces a wallet whose participant lost control of it: marks it lost for ever and moves, in the given series,
    /// its units, its freeze and the money it has not been paid to `replacement`. May be called again for further series.
    /// A replacement that is unknown is admitted with the lost wallet's attributes; a freeze by order and a longer lock-up go along.
    /// @param lost Wallet to give up.
    /// @param replacement Wallet of the same participant, or one never registered.
    /// @param identityHash Emitted if the replacement is admitted, or locked up longer, by this call.
    /// @param series Series in which the lost wallet has units or income.
    /// @custom:access-control appointed registrar
    function recoverWallet(address lost, address replacement, bytes32 identityHash, address[] calldata series) external;

    /// @notice True if `account` is an appointed registrar.
    function isRegistrar(address account) external view returns (bool);

    /// @notice Attributes of a wallet; all zero if unknown.
    function walletOf(address wallet) external view returns (Wallet memory);
}
