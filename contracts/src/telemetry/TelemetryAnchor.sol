// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../interfaces/ITelemetryAnchor.sol";
import {BATCH_TYPEHASH} from "../libraries/BatchType.sol";
import {SignerTable} from "../libraries/SignerTable.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title TelemetryAnchor
/// @notice CHAIN. Each stream is a chain of batches, of which one word is stored: the hash of the position reached. A
/// caller shows the position's preimage; number, start, first reading and predecessor of the new batch are taken from
/// it and never from the caller. A batch therefore cannot leave a gap, overlap, or be anchored twice: a re-broadcast
/// shows a preimage that is no longer the present one, and reverts.
///
/// QUORUM. A batch counts if a quorum of the present signer table signed its EIP-712 digest. The table is the code of
/// a contract, one word per signer in ascending order, so that reading seven costs one cold account. A bitmap says who
/// signed; each set bit has its own place in the table, so that nobody counts twice. Signatures are (r, vs) with low s:
/// a second form of the same signature is refused, though nothing here depends on that. The digest binds chain,
/// contract, stream and predecessor; a signature is good for one place in one chain only.
///
/// ROTATION. Tables after the first wait SIGNERS_DELAY in public. Batches anchored under older tables stay: epoch and
/// table are in the events. A quorum gathered under the old table is void once the new one is active.
///
/// TRUST. The signers are trusted with the content: the contract sees roots, not readings. ORACLE_ADMIN chooses who
/// they are, after a delay. PAUSER can stop new batches, never what is anchored; statements about anchored
/// batches can still be signed and checked while anchoring is paused.
///
/// LIMITS. At most 255 signers. Windows end in the past, by block time, which a validator may shift by seconds. Heads
/// are kept by boundary for closing batches only; all others live in events.
contract TelemetryAnchor is ITelemetryAnchor, AccessManaged, EIP712 {
    /* TYPES */

    /// @dev The signer table in force and the switch: all that every batch reads, in one slot.
    struct Quorum {
        address table;
        uint8 threshold;
        uint32 epoch;
        bool paused;
    }

    /// @dev A scheduled table; `table` is 0 if there is none.
    struct Pending {
        address table;
        uint8 threshold;
        uint40 activeFrom;
    }

    /// @dev One stream: its present head, and the heads at period boundaries.
    struct Chain {
        bytes32 head;
        mapping(uint40 boundary => bytes32) boundaries;
    }

    /// @dev The signed batch and what is reported of it, laid out so that memory can be hashed and logged as it is: the
    /// first eleven words are the EIP-712 encoding, the last eight the data of BatchAnchored.
    struct Link {
        bytes32 typeHash;
        uint32 stream;
        uint32 seq;
        bytes32 prev;
        uint40 from;
        uint40 to;
        uint64 first;
        uint32 count;
        bool closes;
        bytes32 root;
        bytes32 content;
        bytes32 head;
    }

    /* CONSTANTS */

    uint256 private constant MAX_SIGNERS = 255;

    /* IMMUTABLES */

    /// @inheritdoc ITelemetryAnchor
    uint40 public immutable SIGNERS_DELAY;

    /* STORAGE */

    Quorum private _quorum;
    Pending private _pending;
    mapping(uint32 stream => Chain) private _chains;

    /* CONSTRUCTOR */

    constructor(address authority, uint40 signersDelay) AccessManaged(authority) EIP712("Usufruct", "1") {
        SIGNERS_DELAY = signersDelay;
    }

    /* ANCHORING */

    /// @inheritdoc ITelemetryAnchor
    function anchor(Batch calldata batch, Cursor calldata cursor, uint256 signers, bytes calldata signatures)
        external
        returns (bytes32 head)
    {
        if (_quorum.paused) revert Paused();
        uint32 stream = batch.stream;
        Chain storage chain = _chains[stream];
        (Cursor memory position, bytes32 prev) = _requireCurrent(chain, stream, cursor);
        // What the caller adds, joined to the position that the cursor proves.
        Link memory link = Link({
            typeHash: BATCH_TYPEHASH,
            stream: stream,
            seq: position.seq + 1,
            prev: prev,
            from: position.to,
            to: batch.to,
            first: position.next,
            count: batch.count,
            closes: batch.closes,
            root: batch.root,
            content: batch.content,
            head: 0
        });
        if (link.to <= link.from || link.to > block.timestamp) revert InvalidWindow(link.stream, link.from, link.to);
        bytes32 digest = _digest(link);
        _requireQuorum(digest, signers, signatures);
        head = _hash(Cursor(digest, link.seq, link.to, link.first + link.count));
        link.head = head;
        chain.head = head;
        if (link.closes) chain.boundaries[link.to] = head;
        _log(link);
    }

    /* RESTRICTED */

    /// @inheritdoc ITelemetryAnchor
    function openChain(uint32 stream, uint40 start) external restricted {
        Chain storage chain = _chains[stream];
        if (chain.head != 0) revert StreamExists(stream);
        bytes32 head = _hash(Cursor(0, 0, start, 0));
        (chain.head, chain.boundaries[start]) = (head, head);
        emit ChainOpened(stream, start, head);
    }

    /// @inheritdoc ITelemetryAnchor
    function scheduleSigners(address[] calldata signers, uint8 threshold) external restricted {
        _validate(signers, threshold);
        bool first = _quorum.epoch == 0;
        uint40 activeFrom = uint40(block.timestamp) + (first ? 0 : SIGNERS_DELAY);
        _pending = Pending(SignerTable.write(signers), threshold, activeFrom);
        emit SignersScheduled(signers, threshold, activeFrom);
        if (first) activateSigners();
    }

    /// @inheritdoc ITelemetryAnchor
    function setPaused(bool paused) external restricted {
        _quorum.paused = paused;
        emit AnchoringPaused(paused);
    }

    /* ROTATION */

    /// @inheritdoc ITelemetryAnchor
    function activateSigners() public {
        Pending memory pending = _pending;
        if (pending.table == address(0) || block.timestamp < pending.activeFrom) {
            revert SignersNotDue(pending.activeFrom);
        }
        delete _pending;
        uint32 epoch = _quorum.epoch + 1;
        (_quorum.table, _quorum.threshold, _quorum.epoch) = (pending.table, pending.threshold, epoch);
        emit SignersActivated(epoch, pending.table, pending.threshold);
    }

    /* VIEWS */

    /// @inheritdoc ITelemetryAnchor
    function requireQuorum(bytes32 digest, uint256 signers, bytes calldata signatures) external view {
        _requireQuorum(digest, signers, signatures);
    }

    /// @inheritdoc ITelemetryAnchor
    function headOf(uint32 stream) external view returns (bytes32) {
        return _chains[stream].head;
    }

    /// @inheritdoc ITelemetryAnchor
    function headAt(uint32 stream, uint40 boundary) external view returns (bytes32) {
        return _chains[stream].boundaries[boundary];
    }

    /// @inheritdoc ITelemetryAnchor
    function signersOf() external view returns (address[] memory signers, uint8 threshold, uint32 epoch) {
        Quorum memory quorum = _quorum;
        if (quorum.epoch != 0) signers = SignerTable.read(quorum.table);
        return (signers, quorum.threshold, quorum.epoch);
    }

    /* INTERNAL: CHAIN */

    /// @dev Returns the present position and its head if `cursor` is it.
    function _requireCurrent(Chain storage chain, uint32 stream, Cursor calldata cursor)
        private
        view
        returns (Cursor memory position, bytes32 current)
    {
        current = chain.head;
        if (current == 0) revert UnknownStream(stream);
        // Copied unchecked, which saves 140 gas a word: a word with a dirty upper part is no preimage of the head.
        assembly ("memory-safe") {
            calldatacopy(position, cursor, 0x80)
        }
        bytes32 given = _hash(position);
        if (given != current) revert StaleHead(stream, current, given);
    }

    /// @dev Head of a position: the hash of its four words, as abi.encode would put them.
    function _hash(Cursor memory cursor) private pure returns (bytes32 head) {
        assembly ("memory-safe") {
            head := keccak256(cursor, 0x80)
        }
    }

    function _digest(Link memory link) private view returns (bytes32) {
        bytes32 structHash;
        assembly ("memory-safe") {
            structHash := keccak256(link, 0x160)
        }
        return _hashTypedDataV4(structHash);
    }

    /// @dev Emits BatchAnchored.
    function _log(Link memory link) private {
        bytes32 topic = BatchAnchored.selector;
        (uint256 stream, uint256 seq) = (link.stream, link.seq);
        assembly ("memory-safe") {
            log3(add(link, 0x80), 0x100, topic, stream, seq)
        }
    }

    /* INTERNAL: QUORUM */

    function _requireQuorum(bytes32 digest, uint256 bitmap, bytes calldata signatures) private view {
        (address table, uint256 threshold) = (_quorum.table, _quorum.threshold);
        uint256 given = signatures.length / 64;
        // Without a table the threshold is 0, which must not make a quorum of nothing.
        if (table == address(0) || given < threshold) revert QuorumTooSmall(given, threshold);
        (uint256 count, bool good) = SignerTable.verify(table, digest, bitmap, signatures);
        if (!good) revert BadSignature(count);
        if (signatures.length != count << 6) revert SignaturesLength(signatures.length, count << 6);
    }

    function _validate(address[] calldata signers, uint8 threshold) private pure {
        uint256 count = signers.length;
        bool valid = count <= MAX_SIGNERS && threshold != 0 && threshold <= count;
        address last;
        for (uint256 i; valid && i < count; ++i) {
            valid = signers[i] > last;
            last = signers[i];
        }
        if (!valid) revert InvalidSigners(count, threshold);
    }
}
