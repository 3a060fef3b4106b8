// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {VoteKit} from "./VoteKit.sol";

contract CastVoteTest is VoteKit {
    /* WEIGHT */

    function test_CountsAllUnitsOfTheSnapshot() public {
        uint256 id = _propose();
        vm.expectEmit(address(votes));
        emit IHolderVote.Cast(id, adam, YES, 5_000);
        _cast(id, adam, YES);
        _cast(id, barb, NO);
        _cast(id, carl, ABSTAIN);
        _counts(id, 5_000, 3_000, 2_000);
        (IHolderVote.Choice choice, uint256 units) = votes.choiceOf(id, adam);
        assertTrue(choice == YES, "choice");
        assertEq(units, 5_000, "units");
    }

    function test_UnitsBoughtAfterTheSnapshotDoNotVote() public {
        uint256 id = _propose();
        vm.prank(adam);
        series.transfer(carl, 4_000);
        _cast(id, carl, YES);
        _cast(id, adam, NO);
        _counts(id, 2_000, 5_000, 0);
    }

    function test_RevertWhen_TheHolderHadNoUnits() public {
        _admit(dora);
        uint256 id = _propose();
        vm.prank(adam);
        series.transfer(dora, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.NoUnits.selector, id, dora));
        _cast(id, dora, YES);
    }

    function test_AFrozenHolderVotes() public {
        _freeze(adam, true, true);
        uint256 id = _propose();
        _cast(id, adam, YES);
        _counts(id, 5_000, 0, 0);
    }

    /* CHANGING AND TIMING */

    function test_ChangingAVoteCountsItOnce() public {
        uint256 id = _propose();
        _cast(id, adam, YES);
        _cast(id, adam, NO);
        _counts(id, 0, 5_000, 0);
        _cast(id, adam, NO);
        _counts(id, 0, 5_000, 0);
        _cast(id, adam, ABSTAIN);
        _counts(id, 0, 0, 5_000);
        _cast(id, adam, YES);
        _counts(id, 5_000, 0, 0);
    }

    function test_TheLastSecondCounts() public {
        uint256 id = _propose();
        vm.warp(NOW + VOTING);
        _cast(id, adam, YES);
        assertTrue(votes.outcomeOf(id) == IHolderVote.Outcome.Open, "open");
        vm.warp(NOW + VOTING + 1);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.VotingEnded.selector, id, NOW + VOTING));
        _cast(id, barb, YES);
    }

    function test_RevertWhen_TheVoteIsUnknown() public {
        bytes memory refusal = abi.encodeWithSelector(IHolderVote.UnknownVote.selector, 9);
        vm.expectRevert(refusal);
        _cast(9, adam, YES);
        vm.expectRevert(refusal);
        votes.voteOf(9);
        vm.expectRevert(refusal);
        votes.outcomeOf(9);
        vm.expectRevert(refusal);
        votes.choiceOf(9, adam);
    }

    function test_RevertWhen_NothingIsChosen() public {
        uint256 id = _propose();
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.InvalidChoice.selector, id));
        _cast(id, adam, IHolderVote.Choice.None);
    }

    /* OUTCOME */

    function test_AnApprovalHoldsAndExpires() public {
        uint256 id = _propose();
        _cast(id, adam, YES);
        _cast(id, barb, YES);
        vm.warp(NOW + VOTING);
        assertFalse(_approved(), "not before the end");
        vm.warp(NOW + VOTING + 1);
        assertTrue(_approved(), "approved");
        vm.warp(NOW + VOTING + APPROVAL);
        assertTrue(_approved(), "last second");
        vm.warp(NOW + VOTING + APPROVAL + 1);
        assertFalse(_approved(), "expired");
        assertTrue(votes.outcomeOf(id) == IHolderVote.Outcome.Expired, "outcome");
    }

    function test_AnApprovalIsForItsMotionAndSeriesOnly() public {
        _pass();
        assertFalse(votes.isApproved(address(series), keccak256("another")), "motion");
        assertFalse(votes.isApproved(address(this), MOTION), "series");
    }

    function test_ExactlyTwoThirdsPass() public {
        _relaunch(2_000, 1_000, 0, "two thirds");
        assertTrue(_outcome(YES, NO), "exactly");
        _relaunch(1_999, 1_000, 0, "a unit less");
        assertFalse(_outcome(YES, NO), "a unit less");
    }

    function test_ExactlyOneHalfFailsWhereMoreIsNeeded() public {
        IHolderVote.Rule memory rule = _rule();
        rule.majority = IHolderVote.Fraction(1, 2, true);
        votes = _newVotes(rule);
        _relaunch(1_000, 1_000, 0, "half");
        assertFalse(_outcome(YES, NO), "exactly");
        _relaunch(1_001, 1_000, 0, "a unit more");
        assertTrue(_outcome(YES, NO), "a unit more");
    }

    function test_TheQuorumIsReachedExactly() public {
        _relaunch(1_000, 1_000, 0, "quorum");
        assertTrue(_outcome(YES, IHolderVote.Choice.None), "exactly");
        _relaunch(1_000, 1_001, 0, "a unit less");
        assertFalse(_outcome(YES, IHolderVote.Choice.None), "a unit less");
    }

    function test_AbstentionsCountForTheQuorumAlone() public {
        _relaunch(10, 1_000, 0, "abstain");
        assertTrue(_outcome(YES, ABSTAIN), "the majority is of yes and no");
        _relaunch(1_000, 0, 0, "all abstain");
        uint256 id = _propose();
        _cast(id, adam, ABSTAIN);
        vm.warp(block.timestamp + VOTING + 1);
        assertFalse(_approved(), "nobody said yes");
    }

    /// @dev Against exact rationals: passed if and only if both inequalities hold.
    function testFuzz_DecidesByExactFractions(uint32[3] memory units, uint8[3] memory said, bool[2] memory strict)
        public
    {
        IHolderVote.Rule memory rule = _rule();
        rule.quorum = IHolderVote.Fraction(1, 3, strict[0]);
        rule.majority = IHolderVote.Fraction(3, 5, strict[1]);
        votes = _newVotes(rule);
        uint256[4] memory sums;
        address[3] memory holders = [adam, barb, carl];
        for (uint256 i; i < 3; ++i) {
            // Small numbers make equalities frequent.
            units[i] = uint32(bound(units[i], 1, 6));
            said[i] = uint8(bound(said[i], 0, 3));
            sums[said[i]] += units[i];
        }
        _relaunch(units[0], units[1], units[2], "fuzz");
        uint256 id = _propose();
        for (uint256 i; i < 3; ++i) {
            if (said[i] != 0) _cast(id, holders[i], IHolderVote.Choice(said[i]));
        }
        vm.warp(block.timestamp + VOTING + 1);
        (uint256 voted, uint256 decided) = (sums[1] + sums[2] + sums[3], sums[1] + sums[2]);
        uint256 supply = voted + sums[0];
        bool quorum = strict[0] ? voted * 3 > supply : voted * 3 >= supply;
        bool majority = strict[1] ? sums[1] * 5 > decided * 3 : sums[1] * 5 >= decided * 3;
        assertEq(_approved(), quorum && majority && decided != 0, "outcome");
    }

    /* HELPERS */

    function _counts(uint256 id, uint64 yes, uint64 no, uint64 abstain) private view {
        IHolderVote.Vote memory vote = votes.voteOf(id);
        assertEq(vote.yes, yes, "yes");
        assertEq(vote.no, no, "no");
        assertEq(vote.abstain, abstain, "abstain");
    }

    function _outcome(IHolderVote.Choice a, IHolderVote.Choice b) private returns (bool) {
        uint256 id = _propose();
        _cast(id, adam, a);
        if (b != IHolderVote.Choice.None) _cast(id, barb, b);
        vm.warp(block.timestamp + VOTING + 1);
        return _approved();
    }
}
