// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Anchors batches of readings: one rolling head per stream, signed by m of n oracle signers.
/// @notice head' = keccak256(abi.encode(Cursor{digest, seq, to, next})), where digest is the EIP-712 digest of
/// Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,uint32 count,bool closes,bytes32
/// root,bytes32 content). What continues from the head (seq, from, first, prev) is never given by the caller but
/// derived, so batches have no gap, no overlap and no duplicate by construction, and a re-broadcast reverts.
interface ITelemetryAnchor {
    /// @notice Position of a stream: the preimage of its head.
    /// @param digest EIP-712 digest of the last batch, 0 at the start.
    /// @param seq Number of the last batch, 0 at the start.
    /// @param to End of the last batch (unix seconds), the stream's start at the beginning.
    /// @param next Sequence number of the next reading, 0 at the start.
    struct Cursor {
        bytes32 digest;
        uint32 seq;
        uint40 to;
        uint64 next;
    }

    /// @notice What a batch adds.
    /// @param stream Stream number.
    /// @param to End of the batch's window (exclusive); its start is the cursor's `to`.
    /// @param count Number of readings in the tree, may be 0.
    /// @param closes True if `to` is a period end: the head is kept for the statement.
    /// @param root RFC 9162 Keccak root over the reading leaves.
    /// @param content keccak256 of the batch manifest's canonical JSON.
    struct Batch {
        uint32 stream;
        uint40 to;
        uint32 count;
        bool closes;
        bytes32 root;
        bytes32 content;
    }

    /// @notice A stream's chain of batches began at `start`.
    event ChainOpened(uint32 indexed stream, uint40 start, bytes32 head);
    /// @notice A batch was anchored.
    event BatchAnchored(
        uint32 indexed stream,
        uint32 indexed seq,
        uint40 from,
        uint40 to,
        uint64 first,
        uint32 count,
        bool closes,
        bytes32 root,
        bytes32 content,
        bytes32 head
    );
    /// @notice A new signer table was scheduled.
    event SignersScheduled(address[] signers, uint8 threshold, uint40 activeFrom);
    /// @notice The scheduled signer table became active; `epoch` counts tables from 1.
    event SignersActivated(uint32 indexed epoch, address table, uint8 threshold);
    /// @notice Anchoring was paused or resumed.
    event AnchoringPaused(bool paused);

    /// @notice The stream's chain is not open.
    error UnknownStream(uint32 stream);
    /// @notice The stream's chain is open already.
    error StreamExists(uint32 stream);
    /// @notice The batch does not continue from the present head: it was anchored already or something is missing.
    error StaleHead(uint32 stream, bytes32 current, bytes32 given);
    /// @notice The window is empty, or lies in the future.
    error InvalidWindow(uint32 stream, uint40 from, uint40 to);
    /// @notice Fewer signatures than the threshold.
    error QuorumTooSmall(uint256 given, uint256 threshold);
    /// @notice The signature at place `index` of the signer table is not that signer's.
    error BadSignature(uint256 index);
    /// @notice The signatures' length is not 64 bytes for each bit set in the bitmap.
    error SignaturesLength(uint256 given, uint256 expected);
    /// @notice Anchoring is paused.
    error Paused();
    /// @notice The signer list is empty, too long, not strictly ascending, or the threshold does not fit it.
    error InvalidSigners(uint256 count, uint256 threshold);
    /// @notice There is no scheduled table, or its time has not come.
    error SignersNotDue(uint40 activeFrom);

    /// @notice Opens a stream's chain at `start`. @custom:access-control ORACLE_ADMIN
    function openChain(uint32 stream, uint40 start) external;

    /// @notice Anchors a batch. Anyone may call; the signatures decide.
    /// @param batch What is added.
    /// @param cursor Preimage of the present head.
    /// @param signers Bitmap over the signer table, lowest bit first.
    /// @param signatures 64 bytes (r ‖ vs, EIP-2098) for each set bit in ascending order.
    /// @return head The new head.
    function anchor(Batch calldata batch, Cursor calldata cursor, uint256 signers, bytes calldata signatures)
        external
        returns (bytes32 head);

    /// @notice Schedules a new signer table (addresses strictly ascending); the first is active at once, later ones
    /// after SIGNERS_DELAY. @custom:access-control ORACLE_ADMIN
    function scheduleSigners(address[] calldata signers, uint8 threshold) external;

    /// @notice Activates the scheduled table once its time has come. Anyone may call.
    function activateSigners() external;

    /// @notice Stops or resumes new batches. @custom:access-control PAUSER
    function setPaused(bool paused) external;

    /// @notice Reverts unless `digest` is signed by a quorum of the present table.
    function requireQuorum(bytes32 digest, uint256 signers, bytes calldata signatures) external view;

    /// @notice Present head of a stream, 0 if not open.
    function headOf(uint32 stream) external view returns (bytes32);

    /// @notice Head at a period boundary (the stream's start, or the `to` of a closing batch), 0 if none.
    function headAt(uint32 stream, uint40 boundary) external view returns (bytes32);

    /// @notice Present signer table.
    function signersOf() external view returns (address[] memory signers, uint8 threshold, uint32 epoch);

    /// @notice Seconds a new signer table waits.
    function SIGNERS_DELAY() external view returns (uint40);
}
