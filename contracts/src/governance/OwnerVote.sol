// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOwnerVote} from "../interfaces/IOwnerVote.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

/// @title OwnerVote
/// @notice DUTY. Counts the decisions of a building's owners as the Civil Code (articles 278 and 279) wants them counted:
/// by area and by heads, both of them.
///
/// REGISTER. A unit has one owner, a participant number; co-owners share one, so a co-owned unit has one vote. Units of
/// one owner count one head, and their areas add. Nothing personal is here: numbers and areas. The register stands still
/// while a motion is open.
///
/// MAJORITIES. Owners of at least 2/3 of the area and at least 2/3 of the heads must take part: exactly two thirds do.
/// Of those who take part, an ordinary motion needs more than half by area and by heads, exactly half fails; a special
/// one at least 3/4 by area and by heads. Making a dwelling a business (conversion) needs every affected owner, and
/// nobody else. Using common parts for income is a special matter: `isPassed` answers for special motions only, so that
/// no other contract takes an ordinary one for it. Fractions are compared by cross-multiplication, never rounded.
///
/// BALLOTS. An owner votes with any wallet of its participant number that was not given up, and may vote anew until the end, the end included.
/// Paper is entered by the registrar with the hash of its scan; it never replaces a wallet's ballot, a wallet's replaces
/// it. An abstention takes part and agrees to nothing.
///
/// RESULT. Nobody closes a motion: after its end its count stands for ever. A passed motion cannot be
/// proposed again for the same majority.
///
/// TRUST. Registrars are trusted with the register and with paper ballots; every entry is an event that an owner can
/// contest. Who is affected by a conversion is named by the issuer, in the open.
///
/// LIMITS. Areas in hundredths of a square metre, 32 bits a unit.
contract OwnerVote is IOwnerVote, AccessManaged {
    /* CONSTANTS */

    uint32 private constant MIN_VOTING = 1 hours;
    uint32 private constant MAX_VOTING = 180 days;

    IParticipantRegistry private immutable REGISTRY;
    uint32 private immutable VOTING_TIME;

    /* STORAGE */

    /// @dev A choice and how it came.
    struct Given {
        Choice choice;
        bool byWallet;
        bool affected;
    }

    uint64 private _area;
    uint32 private _heads;
    uint40 private _fixedUntil;
    uint256 private _count;
    mapping(uint32 unit => Unit) private _units;
    mapping(uint64 owner => uint64) private _areas;
    mapping(uint256 id => Motion) private _motions;
    mapping(uint256 id => mapping(uint64 owner => Given)) private _given;
    mapping(Kind kind => mapping(bytes32 motion => uint256)) private _last;

    /* CONSTRUCTOR */

    constructor(address authority, address registry, uint32 votingTime_) AccessManaged(authority) {
        if (votingTime_ < MIN_VOTING || votingTime_ > MAX_VOTING) revert InvalidVotingTime(votingTime_);
        REGISTRY = IParticipantRegistry(registry);
        VOTING_TIME = votingTime_;
    }

    /* REGISTER */

    /// @inheritdoc IOwnerVote
    function addUnits(Unit[] calldata units) external restricted {
        _requireUnfixed();
        for (uint256 i; i < units.length; ++i) {
            Unit calldata entry = units[i];
            if (entry.unit == 0) revert InvalidUnit(0, "unit");
            if (entry.owner == 0) revert InvalidUnit(entry.unit, "owner");
            if (entry.area == 0) revert InvalidUnit(entry.unit, "area");
            if (_units[entry.unit].unit != 0) revert UnitExists(entry.unit);
            _units[entry.unit] = entry;
            _area += entry.area;
            _gain(entry.owner, entry.area);
            emit UnitAdded(entry.unit, entry.owner, entry.area);
        }
    }

    /// @inheritdoc IOwnerVote
    function moveUnit(uint32 unit, uint64 to) external restricted {
        _requireUnfixed();
        Unit storage entry = _units[unit];
        if (entry.unit == 0) revert UnknownUnit(unit);
        if (to == 0) revert InvalidUnit(unit, "owner");
        uint64 from = entry.owner;
        entry.owner = to;
        uint64 left = _areas[from] - entry.area;
        _areas[from] = left;
        if (left == 0) --_heads;
        _gain(to, entry.area);
        emit UnitMoved(unit, from, to, entry.area);
    }

    /* MOTIONS */

    /// @inheritdoc IOwnerVote
    function propose(bytes32 motion, Kind kind, uint64[] calldata affected, bytes32 document)
        external
        restricted
        returns (uint256 id)
    {
        if (_heads == 0) revert RegisterEmpty();
        if (motion == 0) revert InvalidMotion(motion, "motion");
        if ((kind == Kind.Conversion) == (affected.length == 0)) revert InvalidMotion(motion, "affected");
        _requireNew(motion, kind);
        id = ++_count;
        uint40 end = uint40(block.timestamp) + VOTING_TIME;
        _fixedUntil = end; // no later motion ends earlier
        _last[kind][motion] = id;
        Motion storage opened = _motions[id];
        (opened.motion, opened.end, opened.kind) = (motion, end, kind);
        (opened.area, opened.heads, opened.affected) = (_area, _heads, uint32(affected.length));
        for (uint256 i; i < affected.length; ++i) {
            _ownedArea(affected[i]);
            Given storage given = _given[id][affected[i]];
            if (given.affected) revert NamedTwice(affected[i]);
            given.affected = true;
        }
        emit OwnersAsked(id, motion, kind, affected, document, end);
    }

    /// @inheritdoc IOwnerVote
    function cast(uint256 id, Choice choice) external {
        IParticipantRegistry.Wallet memory wallet = REGISTRY.walletOf(msg.sender);
        if (wallet.lost) revert LostWallet(msg.sender);
        uint64 owner = wallet.participant;
        _requireOpen(id);
        if (choice == Choice.None) revert InvalidBallots(id, 1, 1);
        _give(id, owner, choice, 0);
        _given[id][owner].byWallet = true;
    }

    /// @inheritdoc IOwnerVote
    function record(uint256 id, uint64[] calldata owners, Choice[] calldata choices, bytes32 evidence)
        external
        restricted
    {
        _requireOpen(id);
        if (owners.length != choices.length || evidence == 0) revert InvalidBallots(id, owners.length, choices.length);
        for (uint256 i; i < owners.length; ++i) {
            if (choices[i] == Choice.None) revert InvalidBallots(id, owners.length, choices.length);
            if (_given[id][owners[i]].byWallet) revert VotedByWallet(id, owners[i]);
            _give(id, owners[i], choices[i], evidence);
        }
    }

    /* VIEWS */

    /// @inheritdoc IOwnerVote
    function isPassed(bytes32 motion) external view returns (bool) {
        uint256 id = _last[Kind.Special][motion];
        return id != 0 && _outcome(_motions[id]) == Outcome.Passed;
    }

    /// @inheritdoc IOwnerVote
    function outcomeOf(uint256 id) external view returns (Outcome) {
        return _outcome(_known(id));
    }

    /// @inheritdoc IOwnerVote
    function motionOf(uint256 id) external view returns (Motion memory) {
        return _known(id);
    }

    /// @inheritdoc IOwnerVote
    function choiceOf(uint256 id, uint64 owner) external view returns (Choice) {
        _known(id);
        return _given[id][owner].choice;
    }

    /// @inheritdoc IOwnerVote
    function lastVote(bytes32 motion, Kind kind) external view returns (uint256) {
        return _last[kind][motion];
    }

    /// @inheritdoc IOwnerVote
    function unitOf(uint32 unit) external view returns (uint64 owner, uint32 area) {
        return (_units[unit].owner, _units[unit].area);
    }

    /// @inheritdoc IOwnerVote
    function areaOf(uint64 owner) external view returns (uint256) {
        return _areas[owner];
    }

    /// @inheritdoc IOwnerVote
    function totals() external view returns (uint256 area, uint256 heads) {
        return (_area, _heads);
    }

    /// @inheritdoc IOwnerVote
    function votingTime() external view returns (uint32) {
        return VOTING_TIME;
    }

    /* COUNTING */

    /// @dev Counts a ballot in place of the one before, if any.
    function _give(uint256 id, uint64 owner, Choice choice, bytes32 evidence) private {
        uint64 area = _ownedArea(owner);
        Motion storage motion = _motions[id];
        Given storage given = _given[id][owner];
        if (given.choice == Choice.None) {
            motion.castArea += area;
            ++motion.castHeads;
        } else if (given.choice == Choice.Yes) {
            motion.yesArea -= area;
            --motion.yesHeads;
            if (given.affected) --motion.agreed;
        }
        if (choice == Choice.Yes) {
            motion.yesArea += area;
            ++motion.yesHeads;
            if (given.affected) ++motion.agreed;
        }
        given.choice = choice;
        emit Ballot(id, owner, choice, area, evidence);
    }

    function _outcome(Motion storage m) private view returns (Outcome) {
        if (block.timestamp <= m.end) return Outcome.Open;
        bool passed;
        if (m.kind == Kind.Conversion) {
            passed = m.agreed == m.affected;
        } else if (3 * uint256(m.castArea) >= 2 * uint256(m.area) && 3 * uint256(m.castHeads) >= 2 * uint256(m.heads)) {
            passed = m.kind == Kind.Special
                ? _isThreeQuarters(m.yesArea, m.castArea) && _isThreeQuarters(m.yesHeads, m.castHeads)
                : _isMoreThanHalf(m.yesArea, m.castArea) && _isMoreThanHalf(m.yesHeads, m.castHeads);
        }
        return passed ? Outcome.Passed : Outcome.Failed;
    }

    function _isThreeQuarters(uint256 part, uint256 whole) private pure returns (bool) {
        return 4 * part >= 3 * whole;
    }

    function _isMoreThanHalf(uint256 part, uint256 whole) private pure returns (bool) {
        return 2 * part > whole;
    }

    /* HELPERS */

    function _gain(uint64 owner, uint32 area) private {
        if (_areas[owner] == 0) ++_heads;
        _areas[owner] += area;
    }

    function _ownedArea(uint64 owner) private view returns (uint64 area) {
        area = _areas[owner];
        if (area == 0) revert NotAnOwner(owner);
    }

    function _requireNew(bytes32 motion, Kind kind) private view {
        uint256 id = _last[kind][motion];
        if (id == 0) return;
        Outcome outcome = _outcome(_motions[id]);
        if (outcome == Outcome.Open) revert MotionStillOpen(motion, _motions[id].end);
        if (outcome == Outcome.Passed) revert AlreadyPassed(motion);
    }

    function _requireOpen(uint256 id) private view {
        uint40 end = _known(id).end;
        if (block.timestamp > end) revert BallotsClosed(id, end);
    }

    function _requireUnfixed() private view {
        if (block.timestamp <= _fixedUntil) revert RegisterFixed(_fixedUntil);
    }

    function _known(uint256 id) private view returns (Motion storage motion) {
        motion = _motions[id];
        if (motion.end == 0) revert UnknownMotion(id);
    }
}
