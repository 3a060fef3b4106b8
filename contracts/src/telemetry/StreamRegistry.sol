// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOwnerVote} from "../interfaces/IOwnerVote.sol";
import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title StreamRegistry
/// @notice STREAMS. A stream is one source of income of one operating unit. Its terms are fixed when it is opened: a
/// holder who bought a right knows the challenge window, the quality gates, what becomes of a dispute that nobody
/// resolves and the owners' share for the whole term. A stream is never closed; a finished one simply gets no more
/// statements.
///
/// TARIFFS. Only the hash of a tariff is kept. Tariffs are appended in time order and never for the past, so that the
/// price of a reading was known before it was taken. A period is priced by the tariff valid at its start: a new tariff
/// takes effect with the first period that starts at or after `validFrom`. The first tariff is the exception: it is
/// valid from the stream's start, which may lie in the past when records are brought in from before the deployment.
///
/// DEPENDENCIES. A stream that is computed from others names them; they must be open already, so there is no cycle.
///
/// COMMON PARTS. A stream on common parts of the building is opened only after its owners have passed the motion
/// keccak256(abi.encode("usufruct/activate", stream)) in OwnerVote. Without a known OwnerVote none is opened.
///
/// LIMITS. The number of tariffs is unbounded; looking one up costs the logarithm of their number.
contract StreamRegistry is IStreamRegistry, AccessManaged {
    /* CONSTANTS */

    uint256 private constant MAX_KIND = 6;
    uint256 private constant MAX_BP = 10_000;
    uint256 private constant MAX_CHALLENGE_WINDOW = 90 days;
    uint256 private constant MAX_FUNDING_GRACE = 365 days;
    // Shorter, and a dispute would be over before anyone could look into it.
    uint256 private constant MIN_RESOLUTION_TIME = 1 days;
    uint256 private constant MAX_RESOLUTION_TIME = 90 days;

    /* STORAGE */

    /// @inheritdoc IStreamRegistry
    address public ownerVote;

    mapping(uint32 stream => Terms) private _terms;
    mapping(uint32 stream => bytes32) private _codes;
    mapping(uint32 stream => uint32[]) private _dependencies;
    // Times are kept apart from the hashes: six share a slot, so that a search reads few.
    mapping(uint32 stream => uint40[]) private _tariffTimes;
    mapping(uint32 stream => mapping(uint40 validFrom => bytes32)) private _tariffs;

    /* CONSTRUCTOR */

    constructor(address authority) AccessManaged(authority) {}

    /* RESTRICTED */

    /// @inheritdoc IStreamRegistry
    function setOwnerVote(address ownerVote_) external restricted {
        if (ownerVote != address(0) || ownerVote_ == address(0)) revert InvalidOwnerVote(ownerVote, ownerVote_);
        ownerVote = ownerVote_;
        emit OwnerVoteSet(ownerVote_);
    }

    /// @inheritdoc IStreamRegistry
    function open(uint32 stream, bytes32 code, Terms calldata terms, bytes32 tariffHash, uint32[] calldata dependsOn)
        external
        restricted
    {
        if (_terms[stream].start != 0) revert StreamExists(stream);
        if (stream == 0) revert InvalidTerms(stream, "stream", 0);
        if (code == 0) revert InvalidTerms(stream, "code", 0);
        _validate(stream, terms);
        if (terms.commonParts) _requireOwners(stream);
        _requireOpen(stream, dependsOn);
        _terms[stream] = terms;
        _codes[stream] = code;
        _dependencies[stream] = dependsOn;
        emit StreamOpened(stream, code, terms, dependsOn);
        _append(stream, terms.start, tariffHash);
    }

    /// @inheritdoc IStreamRegistry
    function setTariff(uint32 stream, uint40 validFrom, bytes32 tariffHash) external restricted {
        uint256 count = _tariffTimes[stream].length;
        if (count == 0) revert UnknownStream(stream);
        uint40 earliest = _tariffTimes[stream][count - 1] + 1;
        if (earliest < block.timestamp) earliest = uint40(block.timestamp);
        if (validFrom < earliest) revert TariffNotLater(stream, earliest, validFrom);
        _append(stream, validFrom, tariffHash);
    }

    /* VIEWS */

    /// @inheritdoc IStreamRegistry
    function termsOf(uint32 stream) external view returns (Terms memory terms) {
        terms = _terms[stream];
        if (terms.start == 0) revert UnknownStream(stream);
    }

    /// @inheritdoc IStreamRegistry
    function tariffAt(uint32 stream, uint40 time) external view returns (bytes32) {
        uint40[] storage times = _tariffTimes[stream];
        uint256 low;
        uint256 high = times.length;
        // All before `low` are valid at `time` or earlier, all from `high` on are later.
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (times[middle] <= time) low = middle + 1;
            else high = middle;
        }
        if (low == 0) revert UnknownStream(stream);
        return _tariffs[stream][times[low - 1]];
    }

    /// @inheritdoc IStreamRegistry
    function codeOf(uint32 stream) external view returns (bytes32) {
        return _codes[stream];
    }

    /// @inheritdoc IStreamRegistry
    function dependenciesOf(uint32 stream) external view returns (uint32[] memory) {
        return _dependencies[stream];
    }

    /// @inheritdoc IStreamRegistry
    function activationOf(uint32 stream) public pure returns (bytes32) {
        return keccak256(abi.encode("usufruct/activate", stream));
    }

    /* INTERNAL */

    function _append(uint32 stream, uint40 validFrom, bytes32 tariffHash) private {
        if (tariffHash == 0) revert InvalidTerms(stream, "tariffHash", 0);
        _tariffTimes[stream].push(validFrom);
        _tariffs[stream][validFrom] = tariffHash;
        emit TariffSet(stream, validFrom, tariffHash);
    }

    /// @dev The owners have agreed to the use of common parts.
    function _requireOwners(uint32 stream) private view {
        bytes32 motion = activationOf(stream);
        if (ownerVote == address(0) || !IOwnerVote(ownerVote).isPassed(motion)) revert OwnersNotAgreed(stream, motion);
    }

    function _requireOpen(uint32 stream, uint32[] calldata dependsOn) private view {
        for (uint256 i; i < dependsOn.length; ++i) {
            if (_terms[dependsOn[i]].start == 0) revert MissingDependency(stream, dependsOn[i]);
        }
    }

    function _validate(uint32 stream, Terms calldata terms) private pure {
        _requireWithin(stream, "start", terms.start, 1, type(uint40).max);
        _requireWithin(stream, "challengeWindow", terms.challengeWindow, 0, MAX_CHALLENGE_WINDOW);
        _requireWithin(stream, "fundingGrace", terms.fundingGrace, 0, MAX_FUNDING_GRACE);
        _requireWithin(stream, "minCoverageBp", terms.minCoverageBp, 0, MAX_BP);
        _requireWithin(stream, "maxEstimatedBp", terms.maxEstimatedBp, 0, MAX_BP);
        _requireWithin(stream, "kind", terms.kind, 1, MAX_KIND);
        _requireWithin(stream, "resolutionTime", terms.resolutionTime, MIN_RESOLUTION_TIME, MAX_RESOLUTION_TIME);
        _requireWithin(stream, "ownersShareBp", terms.ownersShareBp, 0, MAX_BP);
    }

    function _requireWithin(uint32 stream, bytes32 field, uint256 value, uint256 low, uint256 high) private pure {
        if (value < low || value > high) revert InvalidTerms(stream, field, value);
    }
}
