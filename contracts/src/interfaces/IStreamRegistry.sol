// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Income streams of one operating unit: terms, tariff history, dependencies.
interface IStreamRegistry {
    /// @notice Terms of a stream, fixed when it is opened (one storage slot).
    /// @param start Unix time at which the first period begins.
    /// @param challengeWindow Seconds between attestation and finality.
    /// @param fundingGrace Seconds after finality during which settlement waits for full funding.
    /// @param minCoverageBp Least share of expected intervals that a statement must cover (basis points).
    /// @param maxEstimatedBp Largest share of estimated quantity that may count (basis points).
    /// @param kind Technology, see domain words: 1 SUBUNIT, 2 PARKING, 3 STORAGE, 4 VPP, 5 WATER, 6 DATA.
    /// @param committed True if reading quantities are Pedersen commitments.
    /// @param resolutionTime Seconds the guardian has for a dispute.
    /// @param lapseUpholds What a dispute not resolved in time does: true voids the statement, false lets it stand.
    /// @param commonParts True if the stream uses common parts of the building, which its owners must have agreed to.
    /// @param ownersShareBp Least share of the owners, first after tax (basis points of receipts).
    struct Terms {
        uint40 start;
        uint32 challengeWindow;
        uint32 fundingGrace;
        uint16 minCoverageBp;
        uint16 maxEstimatedBp;
        uint8 kind;
        bool committed;
        uint32 resolutionTime;
        bool lapseUpholds;
        bool commonParts;
        uint16 ownersShareBp;
    }

    /// @notice A stream was opened.
    event StreamOpened(uint32 indexed stream, bytes32 code, Terms terms, uint32[] dependsOn);
    /// @notice A tariff becomes valid for periods starting at or after `validFrom`.
    event TariffSet(uint32 indexed stream, uint40 validFrom, bytes32 tariffHash);

    /// @notice Where owners vote on streams on common parts.
    event OwnerVoteSet(address ownerVote);

    /// @notice The owners' vote is named once, and not as nobody.
    error InvalidOwnerVote(address current, address given);
    /// @notice The stream uses common parts, and the owners have not passed the motion.
    error OwnersNotAgreed(uint32 stream, bytes32 motion);
    /// @notice The stream is not open.
    error UnknownStream(uint32 stream);
    /// @notice The stream is open already.
    error StreamExists(uint32 stream);
    /// @notice A stream it depends on is not open.
    error MissingDependency(uint32 stream, uint32 dependency);
    /// @notice Terms have a value their field does not allow.
    error InvalidTerms(uint32 stream, bytes32 field, uint256 value);
    /// @notice Tariffs are appended in time order and never for the past.
    error TariffNotLater(uint32 stream, uint40 earliest, uint40 given);

    /// @notice Names the OwnerVote contract, once.
    /// @custom:access-control ADMIN
    function setOwnerVote(address ownerVote) external;

    /// @notice Opens a stream with its first tariff.
    /// @param stream Stream number, not 0.
    /// @param code Short ASCII code, e.g. "VPP", left aligned.
    /// @param terms Fixed terms.
    /// @param tariffHash keccak256 of the tariff's canonical JSON, valid from `terms.start`.
    /// @param dependsOn Streams that must be open before this one.
    /// @custom:access-control ISSUER
    function open(uint32 stream, bytes32 code, Terms calldata terms, bytes32 tariffHash, uint32[] calldata dependsOn)
        external;

    /// @notice Appends a tariff; `validFrom` must be later than the last one and not in the past.
    /// @custom:access-control ISSUER
    function setTariff(uint32 stream, uint40 validFrom, bytes32 tariffHash) external;

    /// @notice Terms of an open stream; reverts with UnknownStream otherwise.
    function termsOf(uint32 stream) external view returns (Terms memory);

    /// @notice Hash of the tariff valid at `time`; reverts with UnknownStream if there is none.
    function tariffAt(uint32 stream, uint40 time) external view returns (bytes32);

    /// @notice Code of a stream, 0 if not open.
    function codeOf(uint32 stream) external view returns (bytes32);

    /// @notice Streams this one depends on.
    function dependenciesOf(uint32 stream) external view returns (uint32[] memory);

    /// @notice The OwnerVote contract, 0 while none is named.
    function ownerVote() external view returns (address);

    /// @notice The motion that the owners must pass before a stream on common parts is opened.
    function activationOf(uint32 stream) external pure returns (bytes32);
}
