// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDisclosureRegistry} from "../interfaces/IDisclosureRegistry.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title DisclosureRegistry
/// @notice DUTY. Says which documents belong to a project, a stream, a series or a fund, and which belonged to it at
/// any moment of the past: "what was attached on the day I invested?" Terms, assumption files, filings, reports and
/// audits are kept by their hashes; the documents themselves stay off the chain.
///
/// HISTORY. Entries are appended in the order of the blocks and never changed. Replacing a document and removing it
/// are entries themselves, so that nothing that a holder could have relied on disappears. Within one second the last
/// entry counts. The time of an entry is the block's; an issuer cannot date a document back.
///
/// STANDARD. Functions and semantics of ERC-1643, with the subject as first argument, because one registry serves a
/// whole project. A series answers the questions of ERC-1643 under its own address by asking here; documents are set here alone.
///
/// TRUST. Issuers are trusted to attach the right document. What they attached, and when, they cannot deny.
///
/// LIMITS. `getAllDocuments` and `allAttachedAt` read every name ever used for the subject and serve readers, not
/// contracts. A URI has at most 1 024 bytes.
contract DisclosureRegistry is IDisclosureRegistry, AccessManaged {
    /* CONSTANTS */

    uint256 private constant MAX_URI = 1_024;

    bytes32 private constant PROJECT = bytes32(uint256(1) << 248);
    uint256 private constant STREAM = 2 << 248;
    uint256 private constant CONTRACT = 3 << 248;

    /* STORAGE */

    mapping(bytes32 subject => bytes32[]) private _names;
    mapping(bytes32 subject => mapping(bytes32 name => Entry[])) private _history;

    /* CONSTRUCTOR */

    constructor(address authority) AccessManaged(authority) {}

    /* RESTRICTED */

    /// @inheritdoc IDisclosureRegistry
    function setDocument(bytes32 subject, bytes32 name, string calldata uri, bytes32 hash, Kind kind, uint32 period)
        external
        restricted
        returns (uint32 version)
    {
        _requireSubject(subject, name);
        if (name == 0) revert InvalidDocument(subject, name, "name", 0);
        if (hash == 0) revert InvalidDocument(subject, name, "hash", 0);
        if (bytes(uri).length > MAX_URI) revert InvalidDocument(subject, name, "uri", bytes(uri).length);
        Entry[] storage history = _history[subject][name];
        if (history.length == 0) _names[subject].push(name);
        uint32 before = _attachedVersion(history);
        history.push(Entry(uint40(block.timestamp), period, before, kind, true, hash, uri));
        version = uint32(history.length);
        emit DocumentUpdated(subject, name, version, kind, period, uri, hash);
    }

    /// @inheritdoc IDisclosureRegistry
    function removeDocument(bytes32 subject, bytes32 name) external restricted returns (uint32 version) {
        Entry[] storage history = _history[subject][name];
        uint32 before = _attachedVersion(history);
        if (before == 0) revert UnknownDocument(subject, name);
        Entry memory last = history[before - 1];
        history.push(Entry(uint40(block.timestamp), last.period, before, last.kind, false, last.hash, ""));
        version = uint32(history.length);
        emit DocumentRemoved(subject, name, version, last.uri, last.hash);
    }

    /* VIEWS */

    /// @inheritdoc IDisclosureRegistry
    function getDocument(bytes32 subject, bytes32 name)
        external
        view
        returns (string memory uri, bytes32 hash, uint256 modified)
    {
        Entry[] storage history = _history[subject][name];
        uint32 version = _attachedVersion(history);
        if (version == 0) return ("", 0, 0);
        Entry storage entry = history[version - 1];
        return (entry.uri, entry.hash, entry.since);
    }

    /// @inheritdoc IDisclosureRegistry
    function getAllDocuments(bytes32 subject) external view returns (bytes32[] memory names) {
        (names,) = _attached(subject, type(uint40).max);
    }

    /// @inheritdoc IDisclosureRegistry
    function attachedAt(bytes32 subject, bytes32 name, uint40 time) external view returns (Entry memory) {
        Entry[] storage history = _history[subject][name];
        uint256 version = _versionAt(history, time);
        if (version == 0 || !history[version - 1].attached) revert UnknownDocument(subject, name);
        return history[version - 1];
    }

    /// @inheritdoc IDisclosureRegistry
    function allAttachedAt(bytes32 subject, uint40 time)
        external
        view
        returns (bytes32[] memory names, bytes32[] memory hashes)
    {
        return _attached(subject, time);
    }

    /// @inheritdoc IDisclosureRegistry
    function versionsOf(bytes32 subject, bytes32 name) external view returns (uint256) {
        return _history[subject][name].length;
    }

    /// @inheritdoc IDisclosureRegistry
    function versionAt(bytes32 subject, bytes32 name, uint256 version) external view returns (Entry memory) {
        Entry[] storage history = _history[subject][name];
        if (version == 0 || version > history.length) revert UnknownVersion(subject, name, version);
        return history[version - 1];
    }

    /// @inheritdoc IDisclosureRegistry
    function namesOf(bytes32 subject) external view returns (bytes32[] memory) {
        return _names[subject];
    }

    /// @inheritdoc IDisclosureRegistry
    function subjectOfProject() external pure returns (bytes32) {
        return PROJECT;
    }

    /// @inheritdoc IDisclosureRegistry
    function subjectOfStream(uint32 stream) external pure returns (bytes32) {
        return bytes32(STREAM | stream);
    }

    /// @inheritdoc IDisclosureRegistry
    function subjectOfContract(address where) external pure returns (bytes32) {
        return bytes32(CONTRACT | uint160(where));
    }

    /* INTERNAL */

    /// @dev One of the three forms, with a number or an address in it.
    function _requireSubject(bytes32 subject, bytes32 name) private pure {
        uint256 kind = uint256(subject) >> 248 << 248;
        uint256 id = uint256(subject) ^ kind;
        bool valid = subject == PROJECT || (kind == STREAM && id != 0 && id <= type(uint32).max)
            || (kind == CONTRACT && id != 0 && id <= type(uint160).max);
        if (!valid) revert InvalidDocument(subject, name, "subject", uint256(subject));
    }

    /// @dev Number of the last entry if it attaches something, else 0.
    function _attachedVersion(Entry[] storage history) private view returns (uint32) {
        uint256 count = history.length;
        return count != 0 && history[count - 1].attached ? uint32(count) : 0;
    }

    /// @dev Number of the last entry at `time` or before, 0 if there is none.
    function _versionAt(Entry[] storage history, uint40 time) private view returns (uint256 low) {
        uint256 high = history.length;
        // All before `low` are of `time` or earlier, all from `high` on are later.
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (history[middle].since <= time) low = middle + 1;
            else high = middle;
        }
    }

    function _attached(bytes32 subject, uint40 time)
        private
        view
        returns (bytes32[] memory names, bytes32[] memory hashes)
    {
        bytes32[] storage all = _names[subject];
        names = new bytes32[](all.length);
        hashes = new bytes32[](all.length);
        uint256 count;
        for (uint256 i; i < all.length; ++i) {
            Entry[] storage history = _history[subject][all[i]];
            uint256 version = _versionAt(history, time);
            if (version == 0 || !history[version - 1].attached) continue;
            names[count] = all[i];
            hashes[count++] = history[version - 1].hash;
        }
        assembly ("memory-safe") {
            mstore(names, count)
            mstore(hashes, count)
        }
    }
}
