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
    /// @param frozen True while the wallet may neither send, receive nor be paid.
    struct Wallet {
        uint64 participant;
        uint40 lockedUntil;
        uint16 kycUntil;
        uint16 country;
        Class class;
        bool frozen;
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

    /// @notice A wallet was admitted or its attributes were replaced.
    event WalletRegistered(
        address indexed wallet,
        uint64 indexed participant,
        uint16 kycUntil,
        uint16 country,
        Class class,
        uint40 lockedUntil,
        bytes32 identityHash
    );
    /// @notice A wallet was frozen or released. `reasonHash` is the hash of the order kept off-chain.
    event WalletFrozen(address indexed wallet, bool frozen, bytes32 reasonHash);
    /// @notice An account was appointed to, or removed from, the day-to-day registrar desk.
    event RegistrarAppointed(address indexed registrar, bool appointed);

    /// @notice The caller is not an appointed registrar.
    error NotRegistrar(address caller);
    /// @notice A registration has a value its field does not allow; `field` names it.
    error InvalidRegistration(address wallet, bytes32 field, uint256 value);
    /// @notice The wallet was never registered.
    error UnknownWallet(address wallet);
    /// @notice A wallet cannot move to another participant.
    error ParticipantMismatch(address wallet, uint64 current, uint64 given);

    /// @notice Appoints or removes a registrar. Kept apart from AccessManager's per-call check so that admitting an
    /// investor costs one cheap slot read; the appointment itself is AccessManager-restricted.
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

    /// @notice True if `account` is an appointed registrar.
    function isRegistrar(address account) external view returns (bool);

    /// @notice Attributes of a wallet; all zero if unknown.
    function walletOf(address wallet) external view returns (Wallet memory);
}
