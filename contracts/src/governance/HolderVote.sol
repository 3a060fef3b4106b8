// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHolderVote} from "../interfaces/IHolderVote.sol";
import {IParticipantRegistry} from "../interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesSnapshots} from "../interfaces/ISeriesSnapshots.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title HolderVote
/// @notice DUTY. Lets the holders of a series decide motions: a change of waterfall rules, above all. A motion is a hash;
/// what it means is defined by the contract that asks for the approval.
///
/// WEIGHT. A vote opens a snapshot of the series (role VOTING): one vote per unit held at that moment. Units bought or
/// sold afterwards change nothing. A holder votes with all units and may vote anew until the end, the end included.
/// Wallets that are frozen or expired vote: an order stops units from moving, not their holder from speaking.
///
/// LOST WALLETS. The units of the snapshot stay with the wallet that held them, also when it is recovered: each wallet has
/// one ballot, so no unit counts twice. Whoever has the key of a wallet that was given up does not vote; another wallet of
/// the same participant votes in its place (`castFor`), and so changes a ballot it may have given. What a ballot counted
/// is kept with it and is what a new one takes back.
///
/// RESULT. Passed if the quorum of the outstanding units is reached and the majority of yes and no is for it. Both are
/// fractions, compared exactly by cross-multiplication and never rounded: with `≥ 2/3` exactly two thirds pass, with
/// `> 1/2` exactly half fails. With neither yes nor no, nothing passes. Nobody has to close a vote: after its end its
/// count stands for ever, and an approval can be used until it expires.
///
/// ONE AT A TIME. A series has one snapshot, so one vote. A holder who proposes must hold the rule's share of the units,
/// and after it the series rests from holders' proposals, whoever makes them: many wallets of one holder keep the issuer's
/// motions from being voted on no longer than one. A motion cannot be proposed again while it is approved.
///
/// TRUST. None in the issuer beyond naming the motion. A made-up contract given as series decides about itself only.
///
/// LIMITS. The rule is the same for all series and cannot be changed. An approval may be used more than once until it
/// expires; a motion that must be used once contains something that is there once, such as the rules it replaces.
contract HolderVote is IHolderVote, AccessManaged {
    /* CONSTANTS */

    uint256 private constant BP = 10_000;
    uint32 private constant MIN_VOTING = 1 hours;
    uint32 private constant MAX_VOTING = 90 days;
    uint32 private constant MAX_APPROVAL = 365 days;
    uint32 private constant REST = 3;

    /* STORAGE */

    /// @dev What a wallet said, and the units counted for it.
    struct Ballot {
        Choice choice;
        uint64 units;
    }

    Rule private _rule;
    uint256 private _count;
    mapping(uint256 id => Vote) private _votes;
    mapping(uint256 id => mapping(address holder => Ballot)) private _ballots;
    mapping(address series => mapping(bytes32 motion => uint256)) private _last;
    mapping(address series => uint40) private _earliest;

    /* CONSTRUCTOR */

    constructor(address authority, Rule memory rule_) AccessManaged(authority) {
        _requireWithin("votingTime", rule_.votingTime, MIN_VOTING, MAX_VOTING);
        _requireWithin("approvalTime", rule_.approvalTime, 1, MAX_APPROVAL);
        _requireWithin("proposalBp", rule_.proposalBp, 1, BP);
        _requireFraction("quorum", rule_.quorum);
        _requireFraction("majority", rule_.majority);
        _rule = rule_;
        emit RuleFixed(rule_);
    }

    /* PROPOSING */

    /// @inheritdoc IHolderVote
    function propose(address series, bytes32 motion, bytes32 document) external restricted returns (uint256) {
        return _propose(series, motion, document);
    }

    /// @inheritdoc IHolderVote
    function proposeAsHolder(address series, bytes32 motion, bytes32 document) external returns (uint256 id) {
        uint40 earliest = _earliest[series];
        if (block.timestamp < earliest) revert ProposedTooSoon(series, msg.sender, earliest);
        _earliest[series] = uint40(block.timestamp) + (1 + REST) * uint40(_rule.votingTime);
        uint256 units = IERC20(series).balanceOf(msg.sender);
        id = _propose(series, motion, document);
        uint256 supply = _votes[id].supply;
        if (units * BP < supply * _rule.proposalBp) {
            uint256 needed = (supply * _rule.proposalBp + BP - 1) / BP;
            revert TooFewUnits(series, msg.sender, units, needed);
        }
    }

    /* VOTING */

    /// @inheritdoc IHolderVote
    function cast(uint256 id, Choice choice) external {
        Vote storage vote = _known(id);
        _requireKept(vote.series, msg.sender);
        _give(id, vote, msg.sender, choice);
    }

    /// @inheritdoc IHolderVote
    function castFor(uint256 id, address lost, Choice choice) external {
        Vote storage vote = _known(id);
        uint64 participant = _requireKept(vote.series, msg.sender);
        IParticipantRegistry.Wallet memory former = _walletOf(vote.series, lost);
        if (!former.lost || former.participant != participant) revert NotALostWalletOf(msg.sender, lost);
        _give(id, vote, lost, choice);
    }

    /* VIEWS */

    /// @inheritdoc IHolderVote
    function isApproved(address series, bytes32 motion) external view returns (bool) {
        uint256 id = _last[series][motion];
        return id != 0 && _outcome(_votes[id]) == Outcome.Passed;
    }

    /// @inheritdoc IHolderVote
    function outcomeOf(uint256 id) external view returns (Outcome) {
        return _outcome(_known(id));
    }

    /// @inheritdoc IHolderVote
    function voteOf(uint256 id) external view returns (Vote memory) {
        return _known(id);
    }

    /// @inheritdoc IHolderVote
    function choiceOf(uint256 id, address holder) external view returns (Choice choice, uint256 units) {
        _known(id);
        Ballot storage ballot = _ballots[id][holder];
        return (ballot.choice, ballot.units);
    }

    /// @inheritdoc IHolderVote
    function lastVote(address series, bytes32 motion) external view returns (uint256) {
        return _last[series][motion];
    }

    /// @inheritdoc IHolderVote
    function rule() external view returns (Rule memory) {
        return _rule;
    }

    /* INTERNAL */

    function _propose(address series, bytes32 motion, bytes32 document) private returns (uint256 id) {
        if (motion == 0) revert EmptyMotion(series);
        id = _last[series][motion];
        if (id != 0 && _outcome(_votes[id]) == Outcome.Passed) {
            revert StillApproved(series, motion, _votes[id].end + _rule.approvalTime);
        }
        id = ++_count;
        uint40 end = uint40(block.timestamp) + _rule.votingTime;
        uint32 snapshot = ISeriesSnapshots(series).openSnapshot(end);
        (,, uint256 supply) = ISeriesSnapshots(series).snapshotOf(snapshot);
        _votes[id] = Vote(series, snapshot, end, motion, uint64(supply), 0, 0, 0);
        _last[series][motion] = id;
        emit Proposed(id, series, motion, msg.sender, document, snapshot, end);
    }

    /// @dev Counts a wallet's ballot in place of the one before, if any. Whatever does not fit reverts.
    function _give(uint256 id, Vote storage vote, address holder, Choice choice) private {
        if (choice == Choice.None) revert InvalidChoice(id);
        if (block.timestamp > vote.end) revert VotingEnded(id, vote.end);
        uint64 units = SafeCast.toUint64(ISeriesSnapshots(vote.series).balanceAt(holder, vote.snapshot));
        if (units == 0) revert NoUnits(id, holder);
        Ballot memory before = _ballots[id][holder];
        if (before.choice == Choice.Yes) vote.yes -= before.units;
        else if (before.choice == Choice.No) vote.no -= before.units;
        else if (before.choice == Choice.Abstain) vote.abstain -= before.units;
        if (choice == Choice.Yes) vote.yes += units;
        else if (choice == Choice.No) vote.no += units;
        else vote.abstain += units;
        _ballots[id][holder] = Ballot(choice, units);
        emit Cast(id, holder, choice, units);
    }

    /// @dev Refuses a wallet that was given up; returns its participant.
    function _requireKept(address series, address wallet) private view returns (uint64) {
        IParticipantRegistry.Wallet memory found = _walletOf(series, wallet);
        if (found.lost) revert LostWallet(wallet);
        return found.participant;
    }

    function _walletOf(address series, address wallet) private view returns (IParticipantRegistry.Wallet memory) {
        return IParticipantRegistry(IRevenueRight(series).registry()).walletOf(wallet);
    }

    function _outcome(Vote storage vote) private view returns (Outcome) {
        if (block.timestamp <= vote.end) return Outcome.Open;
        uint256 decided = uint256(vote.yes) + vote.no;
        if (decided == 0 || !_reaches(decided + vote.abstain, vote.supply, _rule.quorum)) return Outcome.Failed;
        if (!_reaches(vote.yes, decided, _rule.majority)) return Outcome.Failed;
        return block.timestamp > uint256(vote.end) + _rule.approvalTime ? Outcome.Expired : Outcome.Passed;
    }

    function _reaches(uint256 part, uint256 whole, Fraction memory fraction) private pure returns (bool) {
        uint256 left = part * fraction.denominator;
        uint256 right = whole * fraction.numerator;
        return fraction.exceeded ? left > right : left >= right;
    }

    function _known(uint256 id) private view returns (Vote storage vote) {
        vote = _votes[id];
        if (vote.end == 0) revert UnknownVote(id);
    }

    function _requireFraction(bytes32 field, Fraction memory fraction) private pure {
        _requireWithin(field, fraction.denominator, 1, type(uint16).max);
        // More than all of it can never be reached.
        uint256 most = fraction.exceeded ? fraction.denominator - 1 : fraction.denominator;
        _requireWithin(field, fraction.numerator, fraction.exceeded ? 0 : 1, most);
    }

    function _requireWithin(bytes32 field, uint256 value, uint256 low, uint256 high) private pure {
        if (value < low || value > high) revert InvalidRule(field, value);
    }
}
