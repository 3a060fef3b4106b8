// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {VoteKit} from "./VoteKit.sol";

/// @title A wallet recovered while a vote is open: its units must count once.
contract RecoveredVoteTest is VoteKit {
    function _admitAs(address wallet, address same) private {
        uint64 participant = registry.walletOf(same).participant;
        vm.prank(registrar);
        registry.register(IParticipantRegistry.Registration(wallet, participant, NEXT_YEAR, CHINA, PROFESSIONAL, 0, 0));
    }

    function _recover(address lost, address next) private {
        address[] memory told = new address[](1);
        told[0] = address(series);
        vm.prank(registrar);
        registry.recoverWallet(lost, next, "record", told);
    }

    function test_ARecoveredWalletVotesOnce() public {
        address next = makeAddr("next of carl");
        uint256 id = _propose();
        _cast(id, carl, YES);
        _recover(carl, next);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.NoUnits.selector, id, next));
        _cast(id, next, YES);
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.LostWallet.selector, carl));
        _cast(id, carl, NO);
        assertEq(uint256(votes.voteOf(id).yes), 2_000, "units counted");
    }

    function test_TheReplacementVotesInPlaceOfTheLostWallet() public {
        address next = makeAddr("next of carl");
        uint256 id = _propose();
        _recover(carl, next);
        vm.expectEmit(address(votes));
        emit IHolderVote.Cast(id, carl, YES, 2_000);
        vm.startPrank(next);
        votes.castFor(id, carl, YES);
        votes.castFor(id, carl, NO);
        vm.stopPrank();
        IHolderVote.Vote memory vote = votes.voteOf(id);
        assertEq(uint256(vote.yes), 0, "yes");
        assertEq(uint256(vote.no), 2_000, "no");
        (IHolderVote.Choice choice, uint256 units) = votes.choiceOf(id, carl);
        assertTrue(choice == NO, "choice");
        assertEq(units, 2_000, "units");
    }

    function test_RevertWhen_TheWalletIsNotALostOneOfTheCaller() public {
        address next = makeAddr("next of carl");
        uint256 id = _propose();
        _refusesFor(id, adam, adam);
        _refusesFor(id, adam, carl);
        _recover(carl, next);
        _refusesFor(id, adam, carl);
        _refusesFor(id, makeAddr("unknown"), makeAddr("nobody"));
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.LostWallet.selector, carl));
        vm.prank(carl);
        votes.castFor(id, carl, YES);
    }

    function _refusesFor(uint256 id, address caller, address wallet) private {
        vm.expectRevert(abi.encodeWithSelector(IHolderVote.NotALostWalletOf.selector, caller, wallet));
        vm.prank(caller);
        votes.castFor(id, wallet, YES);
    }

    /// Carl with 2 000 of 10 000 passes a motion against 8 000 noes.
    function test_ASmallWalletThatVotedBeforeARecoveryCannotWrapTheCount() public {
        address small = makeAddr("small wallet of carl");
        _admitAs(small, carl);
        vm.prank(carl);
        series.transfer(small, 100);
        uint256 id = _propose();
        _cast(id, adam, NO);
        _cast(id, barb, NO);
        _cast(id, small, YES);
        _recover(carl, small);
        _cast(id, small, ABSTAIN);
        vm.warp(votes.voteOf(id).end + 1);
        assertFalse(_approved(), "8 000 noes, one holder of 2 000");
        assertLe(uint256(votes.voteOf(id).yes), 10_000, "yes of a supply of 10 000");
    }

    /// The rest between proposals of one holder is gone around with a second wallet.
    function test_RotatedWalletsCannotKeepTheIssuerOut() public {
        address other = makeAddr("other wallet of adam");
        _admitAs(other, adam);
        vm.prank(adam);
        uint256 id = votes.proposeAsHolder(address(series), "one", DOCUMENT);
        vm.warp(votes.voteOf(id).end + 1);
        vm.prank(adam);
        series.transfer(other, 5_000);
        vm.prank(other);
        vm.expectPartialRevert(IHolderVote.ProposedTooSoon.selector);
        votes.proposeAsHolder(address(series), "two", DOCUMENT);
    }
}
