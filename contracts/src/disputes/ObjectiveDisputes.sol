// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMeterRegistry} from "../interfaces/IMeterRegistry.sol";
import {IObjectiveDisputes} from "../interfaces/IObjectiveDisputes.sol";
import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {ITelemetryAnchor} from "../interfaces/ITelemetryAnchor.sol";
import {DeviceSignature} from "./DeviceSignature.sol";
import {HeadChain} from "./HeadChain.sol";
import {LeafCodec} from "./LeafCodec.sol";
import {LineCheck} from "./LineCheck.sol";
import {MerkleProof} from "./MerkleProof.sol";

/// @title ObjectiveDisputes
/// @notice DUTY. Anyone shows a piece of the evidence that a statement rests on, and this contract finds what is wrong with
/// it: no opinion is asked. A fault voids the period's newest statement, at any time until it is settled, and
/// notes who proved it for the reward (OperatorBond). A submission that shows no fault reverts with the reason.
///
/// EVIDENCE. Readings are those of the batches between the statement's two heads and no others: each is proven by its
/// path to the batch's root, each batch by walking back from the anchored head at the period's end (HeadChain). Lines
/// are all those of the newest statement, proven by its digest.
///
/// ONCE. Batches stay as they are, so a corrected statement rests on the same readings. Each fault therefore counts
/// once: of a reading once, of a meter once a period, of a record once a period, of a batch's numbering once. What
/// was proven is out, and the corrected statement takes its money out by an adjustment. More faults of a voided
/// period may be proven while it waits for its correction, so whoever corrects it can have them all out of the way
/// at once. Faults of lines end with their statement.
///
/// DOUBT. Whatever an honest oracle may produce is no fault: a revision beside its reading, money readings that share
/// time, a record signed with the key before or after a change on that day. docs/decisions/0009 says where the line is.
///
/// LIMITS. What the readings should have been is not decided here, nor whether the tariff's calendar was followed: that
/// is for the auditor's dispute. A record is shown whole, so long ones cost calldata. Who sees a submission may
/// repeat it with more gas and take the reward, never prevent the fault from being proven.
contract ObjectiveDisputes is IObjectiveDisputes {
    using LeafCodec for bytes;
    using LeafCodec for LeafCodec.Reading;

    /* TYPES */

    /// @dev A reading with all that is known of its place: the batch's number and window, and the way to the leaf.
    struct Found {
        LeafCodec.Reading reading;
        bytes32 leafHash;
        uint256 turns;
        uint256 depth;
        uint32 seq;
        uint40 from;
        uint40 to;
        uint64 first;
        bool isLeaf;
        uint256 index;
    }

    /* CONSTANTS */

    /// @dev A device signs its day when the day is over; a key that became valid by then is taken too.
    uint40 private constant SIGNING_TIME = 1 days;

    /// @dev Kind of readings that are bookings of money, which may share time.
    uint8 private constant MONEY = 2;

    /* IMMUTABLES */

    IStatementBook private immutable BOOK;
    ITelemetryAnchor private immutable ANCHOR;
    IMeterRegistry private immutable METERS;
    IStreamRegistry private immutable STREAMS;

    /* STORAGE */

    mapping(bytes32 fault => Proven) private _proven;

    /* CONSTRUCTOR */

    constructor(IStatementBook book_, IMeterRegistry meters_) {
        (BOOK, METERS) = (book_, meters_);
        (ANCHOR, STREAMS) = (ITelemetryAnchor(book_.anchor()), IStreamRegistry(book_.streams()));
    }

    /* READINGS */

    /// @inheritdoc IObjectiveDisputes
    function proveReading(Evidence calldata evidence, Reading calldata reading) external returns (bytes32 fault) {
        _requireEvidence(evidence);
        Found memory found = _locate(evidence, evidence.links.length - 1, reading);
        Fault kind;
        (kind, fault) = _faultOf(evidence, found);
        _note(fault, evidence.stream, evidence.period, kind, found.leafHash);
    }

    /// @inheritdoc IObjectiveDisputes
    function proveRecord(Evidence calldata evidence, Reading calldata reading, bytes calldata record)
        external
        returns (bytes32 fault)
    {
        _requireEvidence(evidence);
        // Where in its batch the reading stands is no question of its record.
        HeadChain.Link calldata link = evidence.links[evidence.links.length - 1];
        (bytes32 named, uint64 meter) = reading.leaf.signed();
        bytes32 leafHash = _requireInBatch(link, reading);
        bytes32 given = sha256(record);
        if (given != named) revert OtherRecord(named, given);
        if (_isSigned(meter, link, record)) revert NoFault();
        fault = _recordId(evidence, named);
        _requireNew(fault);
        _note(fault, evidence.stream, evidence.period, Fault.BadSignature, leafHash);
    }

    /// @inheritdoc IObjectiveDisputes
    function provePair(Evidence calldata evidence, uint256 index, Reading calldata first, Reading calldata second)
        external
        returns (bytes32 fault)
    {
        _requireEvidence(evidence);
        Found memory a = _locate(evidence, index, first);
        Found memory b = _locate(evidence, evidence.links.length - 1, second);
        fault = _readingId(evidence, a);
        bytes32 other = _readingId(evidence, b);
        if (fault == other) revert SameReading();
        Fault kind = _faultOfPair(a, b);
        if (kind == Fault.None) revert NoFault();
        _requireIn(evidence, a, fault);
        _requireIn(evidence, b, other);
        _proven[other] = Proven(address(0), evidence.stream, evidence.period, kind);
        _note(fault, evidence.stream, evidence.period, kind, a.leafHash);
    }

    /* LINES */

    /// @inheritdoc IObjectiveDisputes
    function proveLines(IStatementBook.Statement calldata statement, bytes calldata lines)
        external
        returns (bytes32 fault)
    {
        fault = _requireStatement(statement, lines);
        bool committed = STREAMS.termsOf(statement.stream).committed;
        Fault kind = LineCheck.faultOf(lines, statement.gross, committed);
        if (kind == Fault.None) revert NoFault();
        _note(fault, statement.stream, statement.period, kind, statement.linesRoot);
    }

    /// @inheritdoc IObjectiveDisputes
    function proveOpening(
        IStatementBook.Statement calldata statement,
        bytes calldata lines,
        uint256 value,
        uint256 blinding
    ) external returns (bytes32 fault) {
        fault = _requireStatement(statement, lines);
        if (!LineCheck.opens(lines, value, blinding)) revert NotOpened();
        if (LineCheck.stated(lines) == value) revert NoFault();
        _note(fault, statement.stream, statement.period, Fault.WrongOpening, statement.linesRoot);
    }

    /* VIEWS */

    /// @inheritdoc IObjectiveDisputes
    function provenOf(bytes32 fault) external view returns (Proven memory) {
        return _proven[fault];
    }

    /// @inheritdoc IObjectiveDisputes
    function opensTotal(bytes calldata lines, uint256 value, uint256 blinding) external view returns (bool) {
        return LineCheck.opens(lines, value, blinding);
    }

    /// @inheritdoc IObjectiveDisputes
    function book() external view returns (address) {
        return address(BOOK);
    }

    /// @inheritdoc IObjectiveDisputes
    function meters() external view returns (address) {
        return address(METERS);
    }

    /* INTERNAL: EVIDENCE */

    /// @dev The batches lead back from the period's last head, and not beyond its first.
    function _requireEvidence(Evidence calldata evidence) private view {
        uint256 count = evidence.links.length;
        if (count == 0) revert NoSuchBatch(0);
        (uint40 begin, uint40 end) = BOOK.boundsOf(evidence.stream, evidence.period);
        bytes32 head = ANCHOR.headAt(evidence.stream, end);
        HeadChain.requireLinked(head, address(ANCHOR), evidence.stream, evidence.seq, evidence.links);
        uint40 from = evidence.links[count - 1].from;
        if (from < begin) revert OutsidePeriod(evidence.stream, evidence.period, from);
    }

    /// @dev The reading in the batch at `index` of the links.
    function _locate(Evidence calldata evidence, uint256 index, Reading calldata given)
        private
        pure
        returns (Found memory found)
    {
        if (index >= evidence.links.length) revert NoSuchBatch(index);
        HeadChain.Link calldata link = evidence.links[index];
        found.reading = given.leaf.reading();
        found.leafHash = _requireInBatch(link, given);
        // A chain has no batch below number 1, so this does not go below 0.
        found.seq = evidence.seq - uint32(index);
        (found.from, found.to, found.first) = (link.from, link.to, link.first);
        (found.isLeaf, found.index) = MerkleProof.place(link.count, given.turns, given.path.length);
        (found.turns, found.depth) = (given.turns, given.path.length);
    }

    /// @dev The reading's path leads to the batch's root. Returns the leaf's hash.
    function _requireInBatch(HeadChain.Link calldata link, Reading calldata given)
        private
        pure
        returns (bytes32 leafHash)
    {
        leafHash = keccak256(given.leaf);
        bytes32 root = MerkleProof.climb(leafHash, given.turns, given.path);
        if (root != link.root) revert NotInBatch(link.root, root);
    }

    /// @dev The statement is the period's newest, the lines are its own. Returns its digest.
    function _requireStatement(IStatementBook.Statement calldata statement, bytes calldata lines)
        private
        view
        returns (bytes32 digest)
    {
        digest = BOOK.hashStatement(statement);
        bytes32 stored = BOOK.digestOf(statement.stream, statement.period);
        if (stored != digest) revert NotTheStatement(stored, digest);
        bytes32 root = LineCheck.root(lines);
        if (root != statement.linesRoot) revert NotTheLines(statement.linesRoot, root);
        _requireNew(digest);
    }

    /* INTERNAL: FAULTS */

    /// @dev The first fault of a reading that was not proven before. Reverts where there is none.
    function _faultOf(Evidence calldata evidence, Found memory f) private view returns (Fault kind, bytes32 id) {
        id = keccak256(abi.encode("batch", evidence.stream, f.seq));
        if (!f.isLeaf) kind = Fault.WrongCount;
        else if (f.reading.seq != f.first + f.index) kind = Fault.OutOfPlace;
        if (kind != Fault.None && _isNew(id)) return (kind, id);

        bytes32 before = kind == Fault.None ? bytes32(0) : id;
        kind = Fault.None;
        if (f.reading.stream != evidence.stream) kind = Fault.OtherStream;
        else if (f.reading.end <= f.from || f.reading.end > f.to) kind = Fault.OutsideWindow;
        if (kind != Fault.None) {
            id = _readingId(evidence, f);
            _requireIn(evidence, f, id);
            return (kind, id);
        }

        kind = _faultOfMeter(evidence.stream, f.reading);
        if (kind == Fault.None) {
            if (before != 0) revert ProvenBefore(before);
            revert NoFault();
        }
        id = _meterId(evidence, f);
        _requireNew(id);
    }

    /// @dev A meter that is not found is unknown; that the question ran out of gas says nothing.
    function _faultOfMeter(uint32 stream, LeafCodec.Reading memory reading) private view returns (Fault) {
        try METERS.meterOf(reading.meter) returns (IMeterRegistry.Meter memory meter) {
            if (meter.stream != stream) return Fault.ForeignMeter;
            return reading.end > meter.calibratedUntil ? Fault.Uncalibrated : Fault.None;
        } catch (bytes memory reason) {
            bytes32 expected = keccak256(abi.encodeWithSelector(IMeterRegistry.UnknownMeter.selector, reading.meter));
            if (keccak256(reason) == expected) return Fault.UnknownMeter;
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    function _faultOfPair(Found memory a, Found memory b) private pure returns (Fault) {
        if (!a.isLeaf || !b.isLeaf) return Fault.None;
        (LeafCodec.Reading memory x, LeafCodec.Reading memory y) = (a.reading, b.reading);
        (uint256 keyX, uint256 keyY) = (x.sortKey(), y.sortKey());
        if (x.seq == y.seq || keyX == keyY) return Fault.Duplicate;
        if (a.seq == b.seq && (a.index < b.index) != (keyX < keyY)) return Fault.Disorder;
        bool comparable = x.meter == y.meter && x.rev == y.rev && x.kind < MONEY && y.kind < MONEY;
        // Half-open intervals; sums, so that nothing goes below 0.
        bool shared = uint256(x.end) < uint256(y.end) + x.duration && uint256(y.end) < uint256(x.end) + y.duration;
        return comparable && shared ? Fault.Overlap : Fault.None;
    }

    /// @dev Whether one of the keys that were the meter's in the batch's time signed the record.
    function _isSigned(uint64 meter, HeadChain.Link calldata link, bytes calldata record) private view returns (bool) {
        if (record.length < 64) return false;
        uint256 cut = record.length - 64;
        bytes32 digest = sha256(record[:cut]);
        (bytes32 r, bytes32 s) = (bytes32(record[cut:cut + 32]), bytes32(record[cut + 32:]));
        IMeterRegistry.Key[] memory keys = METERS.keysWithin(meter, link.from, link.to + SIGNING_TIME);
        for (uint256 i; i < keys.length; ++i) {
            if (DeviceSignature.isValid(keys[i], digest, r, s)) return true;
        }
        return false;
    }

    /* INTERNAL: WHAT WAS PROVEN */

    function _readingId(Evidence calldata evidence, Found memory f) private pure returns (bytes32) {
        return keccak256(abi.encode("reading", evidence.stream, f.seq, f.turns, f.depth));
    }

    function _recordId(Evidence calldata evidence, bytes32 record) private pure returns (bytes32) {
        return keccak256(abi.encode("record", evidence.stream, evidence.period, record));
    }

    function _meterId(Evidence calldata evidence, Found memory f) private pure returns (bytes32) {
        return keccak256(abi.encode("meter", evidence.stream, evidence.period, f.reading.meter));
    }

    function _isNew(bytes32 fault) private view returns (bool) {
        return _proven[fault].kind == Fault.None;
    }

    function _requireNew(bytes32 fault) private view {
        if (!_isNew(fault)) revert ProvenBefore(fault);
    }

    /// @dev A reading that is out, by itself, with its record or with its meter, is no fault again.
    function _requireIn(Evidence calldata evidence, Found memory f, bytes32 id) private view {
        _requireNew(id);
        _requireNew(_recordId(evidence, f.reading.record));
        _requireNew(_meterId(evidence, f));
    }

    function _note(bytes32 fault, uint32 stream, uint32 period, Fault kind, bytes32 evidence) private {
        // The parts of the one word as Solidity lays them out.
        uint256 word = uint256(uint160(msg.sender)) | uint256(stream) << 160 | uint256(period) << 192;
        word |= uint256(kind) << 224;
        Proven storage proven = _proven[fault];
        assembly ("memory-safe") {
            sstore(proven.slot, word)
        }
        emit FaultProven(fault, stream, period, kind, msg.sender, evidence);
        BOOK.voidProven(stream, period, fault);
    }
}
