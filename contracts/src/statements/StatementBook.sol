// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {ITelemetryAnchor} from "../interfaces/ITelemetryAnchor.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title StatementBook
/// @notice PERIODS. A stream's statements form one line of periods: the first begins at the stream's start, each next
/// where the last ended. No second of a stream is stated twice or left out, so no reading is paid twice.
///
/// EVIDENCE. A statement names the anchored heads at both its ends, hence exactly the batches between them, and the
/// tariff that was registered for its start. The oracle quorum recomputes it from the readings and signs it. What the
/// contract can check itself it checks (place, bounds, heads, tariff, quality gates, sign of the sum); the amounts
/// are the quorum's word, open to challenge.
///
/// LIFE. Attested → (window over) → Settled. A voided statement is replaced by a new version with the same bounds. Until
/// it is settled, the newest period may also be superseded by the quorum itself, disputed or not: every version has
/// a full window of its own, so a dispute can be raised again. An older period is replaced only after it was voided,
/// since later statements may have been computed from it. A settled period never changes; its corrections are an
/// adjustment in the next.
///
/// DISPUTES. Within its window a statement may be disputed, which blocks settlement until the guardian dismisses it (the
/// window then runs anew) or voids it. The guardian has the stream's resolution time for that; then the dispute lapses:
/// anyone may end it as the stream's terms say. A version is disputed at most MAX_DISPUTES times, so that an auditor who
/// is never right delays a payment by no more than so many windows and resolution times. Faults that can be proven
/// are decided by the chamber (ObjectiveDisputes), which voids a statement at any time until it is settled.
///
/// ORDER. Periods settle in order. A voided period holds up those after it, until its new version is settled.
///
/// TRUST. AUDITOR may delay a settlement, GUARDIAN may delay or prevent one, neither can change an amount; nor can the
/// chamber, a contract, which voids what it has found a fault in. Chamber and waterfall are set once by ADMIN; the
/// waterfall alone marks statements settled. Both are known by their addresses: asking the access manager costs 10 000.
///
/// LIMITS. gross + adjustments is between 0 and 2^64 − 1. A stream has at most 16 777 215 periods, a period 65 535
/// versions. At most 255 periods of a stream are disputed or voided at once.
contract StatementBook is IStatementBook, AccessManaged, EIP712 {
    /* TYPES */

    /// @dev What is kept of a period: a slot each.
    struct Entry {
        Record record;
        bytes32 digest;
        bytes32 kpis;
    }

    /// @dev Where a stream stands: last attested period and its end, last settled period. And a copy of the waterfall,
    /// made by the stream's first settlement and never stale, since the waterfall is set once. And how many periods are
    /// disputed or voided. One slot, so that a settlement reads and writes no other beside the period's record.
    struct Progress {
        uint24 attested;
        uint40 to;
        uint24 settled;
        address waterfall;
        uint8 open;
    }

    /* CONSTANTS */

    bytes32 private constant STATEMENT_TYPEHASH = keccak256(
        "Statement(uint32 stream,uint32 period,uint16 version,uint40 from,uint40 to,bytes32 firstHead,bytes32 lastHead,bytes32 linesRoot,uint64 gross,int64 adjustments,bytes32 tariffHash,uint16 coverageBp,uint16 estimatedBp,bytes32 kpis,bytes32 documents)"
    );

    uint256 private constant MAX_BP = 10_000;

    /// @inheritdoc IStatementBook
    uint8 public constant MAX_DISPUTES = 3;

    /* IMMUTABLES */

    ITelemetryAnchor private immutable ANCHOR;
    IStreamRegistry private immutable STREAMS;

    /* STORAGE */

    /// @inheritdoc IStatementBook
    address public waterfall;

    mapping(uint32 stream => Progress) private _progress;
    mapping(uint32 stream => mapping(uint32 period => Entry)) private _entries;

    /// @inheritdoc IStatementBook
    address public chamber;

    /* CONSTRUCTOR */

    constructor(address authority, ITelemetryAnchor anchor_, IStreamRegistry streams_)
        AccessManaged(authority)
        EIP712("Usufruct", "1")
    {
        ANCHOR = anchor_;
        STREAMS = streams_;
    }

    /* ATTESTATION */

    /// @inheritdoc IStatementBook
    function attest(Statement calldata s, uint256 signers, bytes calldata signatures) external {
        Record memory record = _examine(s);
        bytes32 digest = hashStatement(s);
        ANCHOR.requireQuorum(digest, signers, signatures);
        _store(s, record, digest);
        emit StatementAttested(s.stream, s.period, s.version, digest, record.distributable, record.finalAt, signers, s);
    }

    /* RESTRICTED */

    /// @inheritdoc IStatementBook
    function setWaterfall(address waterfall_) external restricted {
        if (waterfall != address(0)) revert WaterfallAlreadySet(waterfall);
        waterfall = waterfall_;
        emit WaterfallSet(waterfall_);
    }

    /// @inheritdoc IStatementBook
    function setChamber(address chamber_) external restricted {
        if (chamber != address(0)) revert ChamberAlreadySet(chamber);
        chamber = chamber_;
        emit ChamberSet(chamber_);
    }

    /// @inheritdoc IStatementBook
    function dispute(uint32 stream, uint32 period, bytes32 evidenceHash) external restricted {
        Record storage record = _entries[stream][period].record;
        _requireStatus(stream, period, _statusOf(stream, period), Status.Attested);
        if (block.timestamp >= record.finalAt) revert WindowClosed(stream, period, record.finalAt);
        uint8 disputes = record.disputes;
        if (disputes >= MAX_DISPUTES) revert TooManyDisputes(stream, period, disputes);
        uint40 resolveBy = uint40(block.timestamp) + STREAMS.termsOf(stream).resolutionTime;
        (record.status, record.resolveBy, record.disputes) = (Status.Disputed, resolveBy, disputes + 1);
        _countOpen(_progress[stream], stream);
        emit StatementDisputed(stream, period, record.version, msg.sender, evidenceHash);
    }

    /// @inheritdoc IStatementBook
    function dismiss(uint32 stream, uint32 period, bytes32 reasonHash) external restricted {
        Record storage record = _entries[stream][period].record;
        _requireStatus(stream, period, _statusOf(stream, period), Status.Disputed);
        _requireInTime(stream, period, record.resolveBy);
        _dismiss(stream, period, STREAMS.termsOf(stream), reasonHash);
    }

    /// @inheritdoc IStatementBook
    function voidStatement(uint32 stream, uint32 period, bytes32 reasonHash) external restricted {
        Record storage record = _entries[stream][period].record;
        Status status = _statusOf(stream, period);
        if (status != Status.Disputed) _requireStatus(stream, period, status, Status.Attested);
        else _requireInTime(stream, period, record.resolveBy);
        _void(record, _progress[stream], stream, period, status, reasonHash);
    }

    /* CHAMBER */

    /// @inheritdoc IStatementBook
    function voidProven(uint32 stream, uint32 period, bytes32 fault) external {
        if (msg.sender != chamber) revert NotChamber(msg.sender);
        Record storage record = _entries[stream][period].record;
        Progress storage progress = _progress[stream];
        Status status = _withSettled(record.status, period, progress.settled);
        if (status == Status.Voided) return;
        if (status != Status.Disputed) _requireStatus(stream, period, status, Status.Attested);
        _void(record, progress, stream, period, status, fault);
    }

    /* LAPSE */

    /// @inheritdoc IStatementBook
    function lapse(uint32 stream, uint32 period) external {
        Record storage record = _entries[stream][period].record;
        _requireStatus(stream, period, _statusOf(stream, period), Status.Disputed);
        uint40 resolveBy = record.resolveBy;
        if (block.timestamp < resolveBy) revert ResolutionOpen(stream, period, resolveBy);
        IStreamRegistry.Terms memory terms = STREAMS.termsOf(stream);
        emit DisputeLapsed(stream, period, record.version, terms.lapseUpholds);
        if (terms.lapseUpholds) _void(record, _progress[stream], stream, period, Status.Disputed, 0);
        else _dismiss(stream, period, terms, 0);
    }

    /* SETTLEMENT */

    /// @inheritdoc IStatementBook
    function consume(uint32 stream, uint32 period) external returns (uint64 distributable, uint40 finalAt) {
        Progress storage progress = _progress[stream];
        (uint256 kept, uint256 settled, address known) = _unpacked(progress);
        if (msg.sender != known && msg.sender != waterfall) revert NotWaterfall(msg.sender);
        Record storage record = _entries[stream][period].record;
        uint16 version;
        (distributable, finalAt, version) = (record.distributable, record.finalAt, record.version);
        Status status = _withSettled(record.status, period, settled);
        if (status != Status.Attested) revert WrongStatus(stream, period, status);
        if (block.timestamp < finalAt) revert NotFinal(stream, period, finalAt);
        unchecked {
            if (period != settled + 1) revert EarlierPeriodOpen(stream, uint32(settled + 1), period);
        }
        assembly ("memory-safe") {
            sstore(progress.slot, or(or(kept, shl(64, period)), shl(88, caller())))
        }
        emit StatementSettled(stream, period, version, distributable);
    }

    /// @dev The slot's parts as Solidity lays them out: attested periods, their end and the open ones, which a settlement
    /// keeps; the last settled period; the waterfall.
    function _unpacked(Progress storage progress)
        private
        view
        returns (uint256 kept, uint256 settled, address waterfall_)
    {
        assembly ("memory-safe") {
            let word := sload(progress.slot)
            kept := and(word, 0xff0000000000000000000000000000000000000000000000ffffffffffffffff)
            settled := and(shr(64, word), 0xffffff)
            waterfall_ := shr(96, shl(8, word))
        }
    }

    /* VIEWS */

    /// @inheritdoc IStatementBook
    function hashStatement(Statement calldata statement) public view returns (bytes32) {
        // All fields are static: their encoding is the one EIP-712 asks for.
        return _hashTypedDataV4(keccak256(abi.encode(STATEMENT_TYPEHASH, statement)));
    }

    /// @inheritdoc IStatementBook
    function boundsOf(uint32 stream, uint32 period) external view returns (uint40 from, uint40 to) {
        Record storage record = _entries[stream][period].record;
        return (record.from, record.to);
    }

    /// @inheritdoc IStatementBook
    function recordOf(uint32 stream, uint32 period) external view returns (Record memory record) {
        record = _entries[stream][period].record;
        record.status = _statusOf(stream, period);
    }

    /// @inheritdoc IStatementBook
    function digestOf(uint32 stream, uint32 period) external view returns (bytes32) {
        return _entries[stream][period].digest;
    }

    /// @inheritdoc IStatementBook
    function kpisOf(uint32 stream, uint32 period) external view returns (bytes32) {
        return _entries[stream][period].kpis;
    }

    /// @inheritdoc IStatementBook
    function progressOf(uint32 stream) external view returns (uint32 attested, uint40 to, uint32 settled) {
        Progress memory progress = _progress[stream];
        return (progress.attested, progress.to, progress.settled);
    }

    /// @inheritdoc IStatementBook
    function openDisputes(uint32 stream) external view returns (uint256) {
        return _progress[stream].open;
    }

    /// @inheritdoc IStatementBook
    function anchor() external view returns (address) {
        return address(ANCHOR);
    }

    /// @inheritdoc IStatementBook
    function streams() external view returns (address) {
        return address(STREAMS);
    }

    /// @inheritdoc IStatementBook
    function isFinal(uint32 stream, uint32 period) external view returns (bool) {
        Record memory record = _entries[stream][period].record;
        bool open = record.status == Status.Attested && block.timestamp >= record.finalAt;
        return open && period == _progress[stream].settled + 1;
    }

    /* INTERNAL: CHECKS */

    /// @dev All checks but the signatures, and the record that follows from the statement.
    function _examine(Statement calldata s) private view returns (Record memory) {
        IStreamRegistry.Terms memory terms = STREAMS.termsOf(s.stream);
        _checkPlace(s, terms.start);
        if (s.to <= s.from || s.to > block.timestamp) revert InvalidPeriod(s.stream, s.from, s.to);
        _checkHead(s.stream, s.from, s.firstHead);
        _checkHead(s.stream, s.to, s.lastHead);
        bytes32 tariff = STREAMS.tariffAt(s.stream, s.from);
        if (s.tariffHash != tariff) revert WrongTariff(s.stream, tariff, s.tariffHash);
        _checkQuality(s, terms);
        return Record(_distributable(s), s.from, s.to, _windowEnd(terms), s.version, Status.Attested, 0, 0);
    }

    /// @dev Period, bounds and version: either the next period or a new version of an earlier one.
    function _checkPlace(Statement calldata s, uint40 start) private view {
        Progress memory progress = _progress[s.stream];
        uint32 next = uint32(progress.attested) + 1;
        uint40 from = next == 1 ? start : progress.to;
        bool known = s.period != 0 && s.period < next;
        if (!known && (s.period != next || s.from != from || next > type(uint24).max)) {
            revert PeriodNotContiguous(s.stream, next, from, s.period, s.from);
        }
        if (known) _checkSupersedes(s, progress.attested);
        else _checkVersion(s, 1);
    }

    function _checkSupersedes(Statement calldata s, uint32 newest) private view {
        Record memory record = _entries[s.stream][s.period].record;
        Status status = _statusOf(s.stream, s.period);
        if (status == Status.Settled) revert PeriodSettled(s.stream, s.period);
        if (s.period != newest) _requireStatus(s.stream, s.period, status, Status.Voided);
        if (s.from != record.from || s.to != record.to) revert PeriodBoundsChanged(s.stream, s.period);
        _checkVersion(s, record.version + 1);
    }

    function _checkVersion(Statement calldata s, uint16 expected) private pure {
        if (s.version != expected) revert VersionNotNext(s.stream, s.period, expected, s.version);
    }

    function _checkHead(uint32 stream, uint40 boundary, bytes32 given) private view {
        bytes32 anchored = ANCHOR.headAt(stream, boundary);
        if (anchored == 0 || given != anchored) revert HeadNotAnchored(stream, boundary, anchored, given);
    }

    function _checkQuality(Statement calldata s, IStreamRegistry.Terms memory terms) private pure {
        if (s.coverageBp > MAX_BP) revert CoverageTooHigh(s.stream, s.coverageBp);
        if (s.coverageBp < terms.minCoverageBp) {
            revert CoverageTooLow(s.stream, s.coverageBp, terms.minCoverageBp);
        }
        // The registry keeps the maximum at or below 10 000.
        if (s.estimatedBp > terms.maxEstimatedBp) {
            revert TooMuchEstimated(s.stream, s.estimatedBp, terms.maxEstimatedBp);
        }
    }

    function _requireInTime(uint32 stream, uint32 period, uint40 resolveBy) private view {
        if (block.timestamp >= resolveBy) revert ResolutionOver(stream, period, resolveBy);
    }

    function _requireStatus(uint32 stream, uint32 period, Status status, Status needed) private pure {
        if (status != needed) revert WrongStatus(stream, period, status);
    }

    /* INTERNAL: VALUES */

    function _statusOf(uint32 stream, uint32 period) private view returns (Status) {
        return _withSettled(_entries[stream][period].record.status, period, _progress[stream].settled);
    }

    /// @dev That a period is settled is not stored with it but follows from the stream's progress: a settlement writes
    /// one slot. Periods settle in order, so all up to `settled` are; there is no period 0.
    function _withSettled(Status stored, uint256 period, uint256 settled) private pure returns (Status) {
        return period <= settled && period != 0 ? Status.Settled : stored;
    }

    function _distributable(Statement calldata s) private pure returns (uint64) {
        int256 sum = int256(uint256(s.gross)) + s.adjustments;
        if (sum < 0) revert NegativeDistributable(s.stream, s.gross, s.adjustments);
        if (sum > int256(uint256(type(uint64).max))) revert DistributableTooLarge(s.stream, s.gross, s.adjustments);
        // Between 0 and 2^64 − 1 by the two checks above.
        return uint64(uint256(sum));
    }

    function _windowEnd(IStreamRegistry.Terms memory terms) private view returns (uint40) {
        return uint40(block.timestamp) + terms.challengeWindow;
    }

    /* INTERNAL: EFFECTS */

    function _store(Statement calldata s, Record memory record, bytes32 digest) private {
        Entry storage entry = _entries[s.stream][s.period];
        Status before = entry.record.status;
        if (before == Status.Disputed || before == Status.Voided) --_progress[s.stream].open;
        (entry.record, entry.digest) = (record, digest);
        if (entry.kpis != s.kpis) entry.kpis = s.kpis;
        Progress storage progress = _progress[s.stream];
        if (s.period > progress.attested) (progress.attested, progress.to) = (uint24(s.period), s.to);
    }

    /// @dev Ends a dispute in the statement's favour. The window runs anew.
    function _dismiss(uint32 stream, uint32 period, IStreamRegistry.Terms memory terms, bytes32 reasonHash) private {
        Record storage record = _entries[stream][period].record;
        uint40 finalAt = _windowEnd(terms);
        (record.status, record.finalAt) = (Status.Attested, finalAt);
        --_progress[stream].open;
        emit DisputeDismissed(stream, period, record.version, finalAt, reasonHash);
    }

    /// @dev Voids a statement that is attested or disputed.
    function _void(
        Record storage record,
        Progress storage progress,
        uint32 stream,
        uint32 period,
        Status status,
        bytes32 reason
    ) private {
        record.status = Status.Voided;
        if (status != Status.Disputed) _countOpen(progress, stream);
        emit StatementVoided(stream, period, record.version, reason);
    }

    function _countOpen(Progress storage progress, uint32 stream) private {
        uint8 open = progress.open;
        if (open == type(uint8).max) revert TooManyOpen(stream);
        progress.open = open + 1;
    }
}
