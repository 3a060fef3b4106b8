// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Documents of projects, streams, series and funds, with their whole dated history.
/// @notice The functions of ERC-1643 with the subject as first argument.
interface IDisclosureRegistry {
    /// @notice What a document is.
    enum Kind {
        Other,
        Terms,
        Assumptions,
        Filing,
        Report,
        Audit,
        Opinion,
        Manifest
    }

    /// @notice One entry of the history of a document.
    /// @param since Unix time of the entry.
    /// @param period Period the document speaks of, 0 for none.
    /// @param supersedes Version that this entry takes the place of, 0 if nothing was attached.
    /// @param kind What the document is.
    /// @param attached False if the entry is a removal.
    /// @param hash keccak256 of the document; of the removed one in a removal.
    /// @param uri Where it can be fetched, may be empty.
    struct Entry {
        uint40 since;
        uint32 period;
        uint32 supersedes;
        Kind kind;
        bool attached;
        bytes32 hash;
        string uri;
    }

    /// @notice A document was attached, or replaced under its name.
    event DocumentUpdated(
        bytes32 indexed subject,
        bytes32 indexed name,
        uint32 version,
        Kind kind,
        uint32 period,
        string uri,
        bytes32 hash
    );
    /// @notice A document is not attached any more; its history stays.
    event DocumentRemoved(bytes32 indexed subject, bytes32 indexed name, uint32 version, string uri, bytes32 hash);

    /// @notice Nothing is attached under that name.
    error UnknownDocument(bytes32 subject, bytes32 document);
    /// @notice There is no such entry in the history of a document.
    error UnknownVersion(bytes32 subject, bytes32 document, uint256 version);
    /// @notice A subject, name, hash or URI that is not allowed.
    error InvalidDocument(bytes32 subject, bytes32 document, bytes32 field, uint256 value);

    /// @notice Attaches a document, or replaces the one attached under that name.
    /// @param subject What it belongs to, see `subjectOf`.
    /// @param name Name of the document, not empty.
    /// @param uri Where it can be fetched, at most 1 024 bytes, may be empty.
    /// @param hash keccak256 of its bytes, not 0.
    /// @param kind What it is.
    /// @param period Period it speaks of, 0 for none.
    /// @return version Number of the entry, from 1.
    /// @custom:access-control ISSUER
    function setDocument(bytes32 subject, bytes32 name, string calldata uri, bytes32 hash, Kind kind, uint32 period)
        external
        returns (uint32 version);

    /// @notice Records that a document is not attached any more.
    /// @return version Number of the entry.
    /// @custom:access-control ISSUER
    function removeDocument(bytes32 subject, bytes32 name) external returns (uint32 version);

    /// @notice What is attached now under a name; empty values if nothing is.
    /// @return uri Where it can be fetched.
    /// @return hash keccak256 of the document.
    /// @return modified Unix time of the entry.
    function getDocument(bytes32 subject, bytes32 name)
        external
        view
        returns (string memory uri, bytes32 hash, uint256 modified);

    /// @notice Names under which something is attached now.
    function getAllDocuments(bytes32 subject) external view returns (bytes32[] memory);

    /// @notice What was attached at `time` under a name; reverts with UnknownDocument if nothing was.
    /// @dev Costs the logarithm of the number of entries.
    function attachedAt(bytes32 subject, bytes32 name, uint40 time) external view returns (Entry memory);

    /// @notice Names under which something was attached at `time`, and the hashes.
    function allAttachedAt(bytes32 subject, uint40 time)
        external
        view
        returns (bytes32[] memory names, bytes32[] memory hashes);

    /// @notice Number of entries of a document.
    function versionsOf(bytes32 subject, bytes32 name) external view returns (uint256);

    /// @notice An entry of a document, from 1.
    function versionAt(bytes32 subject, bytes32 name, uint256 version) external view returns (Entry memory);

    /// @notice All names that were ever used for a subject.
    function namesOf(bytes32 subject) external view returns (bytes32[] memory);

    /// @notice The subject of a project as a whole: 1 in the first byte.
    function subjectOfProject() external pure returns (bytes32);

    /// @notice The subject of a stream: 2 in the first byte, the number at the end.
    function subjectOfStream(uint32 stream) external pure returns (bytes32);

    /// @notice The subject of a contract, a series or a fund: 3 in the first byte, the address at the end.
    function subjectOfContract(address where) external pure returns (bytes32);
}
