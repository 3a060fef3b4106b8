// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HolderVote} from "../../src/governance/HolderVote.sol";
import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {ISeriesSnapshots} from "../../src/interfaces/ISeriesSnapshots.sol";
import {VoteKit} from "./VoteKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract ProposeMotionTest is VoteKit {
    /* THE ISSUER */

    function test_OpensASnapshotAndAVote() public {
        uint256 id = _propose();
        IHolderVote.Vote memory vote = votes.voteOf(id);
        assertEq(vote.series, address(series), "series");
        assertEq(vote.motion, MOTION, "motion");
        assertEq(vote.end, NOW + VOTING, "end");
        assertEq(vote.supply, 10_000, "supply");
        assertEq(vote.yes + vote.no + vote.abstain, 0, "count");
        assertEq(votes.lastVote(address(series), MOTION), id, "last");
        assertTrue(votes.outcomeOf(id) == IHolderVote.Outcome.Open, "open");
        assertFalse(_approved(), "approved");
    }

    function test_IsReported() public {
        vm.expectEmit(address(votes));
        emit IHolderVote.Proposed(1, address(series), MOTION, issuer, DOCUMENT, 1, NOW + VOTING);
        _propose();
    }

    function test_RevertWhen_CallerIsNotIssuer() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, adam));
        vm.prank(adam);
        votes.propose(address(series), MOTION, DOCUMENT);
    }

    function test_RevertWhen_TheMotionIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.EmptyMotion.selector, address(series)));
        vm.prank(issuer);
        votes.propose(address(series), 0, DOCUMENT);
    }

    function test_RevertWhen_AnotherVoteIsUnderWay() public {
        _propose();
        vm.warp(NOW + VOTING);
        vm.expectRevert(abi.encodeWithSelector(ISeriesSnapshots.SnapshotStillOpen.selector, 1, NOW + VOTING));
        vm.prank(issuer);
        votes.propose(address(series), keccak256("another"), DOCUMENT);
        vm.warp(NOW + VOTING + 1);
        vm.prank(issuer);
        votes.propose(address(series), keccak256("another"), DOCUMENT);
    }

    function test_RevertWhen_StillApproved() public {
        _pass();
        uint40 until = NOW + VOTING + APPROVAL;
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.StillApproved.selector, address(series), MOTION, until));
        _propose();
        vm.warp(until + 1);
        _propose();
    }

    function test_AFailedMotionMayBeProposedAgain() public {
        uint256 id = _propose();
        vm.warp(NOW + VOTING + 1);
        assertTrue(votes.outcomeOf(id) == IHolderVote.Outcome.Failed, "failed");
        assertEq(_propose(), id + 1, "again");
    }

    /* HOLDERS */

    function test_AHolderOfEnoughUnitsProposes() public {
        vm.prank(carl); // exactly 20 %
        uint256 id = votes.proposeAsHolder(address(series), MOTION, DOCUMENT);
        assertEq(votes.voteOf(id).supply, 10_000, "supply");
    }

    function test_RevertWhen_AHolderHasTooFewUnits() public {
        vm.prank(carl);
        series.transfer(adam, 100);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.TooFewUnits.selector, address(series), carl, 1_900, 2_000));
        vm.prank(carl);
        votes.proposeAsHolder(address(series), MOTION, DOCUMENT);
    }

    function test_RevertWhen_AHolderProposesAgainTooSoon() public {
        vm.prank(carl);
        votes.proposeAsHolder(address(series), MOTION, DOCUMENT);
        uint40 earliest = NOW + 4 * VOTING;
        vm.warp(earliest - 1);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.ProposedTooSoon.selector, address(series), carl, earliest));
        vm.prank(carl);
        votes.proposeAsHolder(address(series), MOTION, DOCUMENT);
        // The issuer is not held up.
        _propose();
        vm.warp(earliest + VOTING);
        vm.prank(carl);
        votes.proposeAsHolder(address(series), MOTION, DOCUMENT);
    }

    /* THE RULE */

    function test_TheRuleIsReadable() public view {
        assertEq(keccak256(abi.encode(votes.rule())), keccak256(abi.encode(_rule())), "rule");
    }

    function test_RevertWhen_TheRuleHasAValueThatIsNotAllowed() public {
        IHolderVote.Rule memory rule = _rule();
        rule.votingTime = 1 hours - 1;
        _refused(rule, "votingTime", rule.votingTime);
        rule.votingTime = 90 days + 1;
        _refused(rule, "votingTime", rule.votingTime);
        rule = _rule();
        rule.approvalTime = 0;
        _refused(rule, "approvalTime", 0);
        rule.approvalTime = 365 days + 1;
        _refused(rule, "approvalTime", rule.approvalTime);
        rule = _rule();
        rule.proposalBp = 0;
        _refused(rule, "proposalBp", 0);
        rule.proposalBp = 10_001;
        _refused(rule, "proposalBp", 10_001);
        rule = _rule();
        rule.quorum = IHolderVote.Fraction(0, 1, false);
        _refused(rule, "quorum", 0);
        rule.quorum = IHolderVote.Fraction(1, 0, false);
        _refused(rule, "quorum", 0);
        rule = _rule();
        rule.majority = IHolderVote.Fraction(3, 2, false);
        _refused(rule, "majority", 3);
        rule.majority = IHolderVote.Fraction(2, 2, true);
        _refused(rule, "majority", 2);
    }

    function _refused(IHolderVote.Rule memory rule, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.InvalidRule.selector, field, value));
        new HolderVote(address(authority), rule);
    }
}
