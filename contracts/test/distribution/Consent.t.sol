// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HolderVote} from "../../src/governance/HolderVote.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {DistributionKit} from "./DistributionKit.sol";

/// @title Consent of holders is for one change of the rules.
contract ConsentTest is DistributionKit {
    HolderVote private votes;

    function setUp() public override {
        super.setUp();
        votes = new HolderVote(
            address(authority),
            IHolderVote.Rule({
                votingTime: 1 days,
                approvalTime: 365 days,
                proposalBp: 1,
                quorum: IHolderVote.Fraction(1, 2, false),
                majority: IHolderVote.Fraction(2, 3, false)
            })
        );
        allow(address(votes), HolderVote.propose.selector, Roles.ISSUER);
        vm.startPrank(admin);
        authority.grantRole(Roles.VOTING, address(votes), 0);
        falls.setHolderVote(address(votes));
        vm.stopPrank();
        IRevenueRight.Terms memory terms = _terms();
        terms.consent = true;
        _launch(terms);
    }

    function _coupon(uint64 amount) private returns (IWaterfall.Rules memory) {
        _carrying(DUE, address(series), amount);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    function _approve(IWaterfall.Rules memory rules) private {
        bytes32 motion = falls.motionOf(STREAM, rules);
        vm.prank(issuer);
        uint256 id = votes.propose(address(series), motion, "doc");
        vm.prank(adam);
        votes.cast(id, IHolderVote.Choice.Yes);
        vm.prank(barb);
        votes.cast(id, IHolderVote.Choice.Yes);
        vm.warp(votes.voteOf(id).end + 1);
    }

    function _change(IWaterfall.Rules memory rules) private {
        _approve(rules);
        _setRules(rules);
        vm.warp(vm.getBlockTimestamp() + RULES_DELAY);
    }

    /// The holders grant a relief and end it; the issuer takes it again with the old vote.
    function test_AnApprovalThatWasUsedIsSpent() public {
        IWaterfall.Rules memory relief = _coupon(1);
        IWaterfall.Rules memory full = _coupon(100);
        _setRules(full);
        _change(relief);
        _change(full);
        vm.prank(issuer);
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        falls.setRules(STREAM, relief);
    }

    /// Rules that are announced but not yet in force are taken back without those they would pay.
    function test_AnnouncedRulesAreNotTakenBackWithoutConsent() public {
        _step(RESIDUAL, treasury, 0, 0);
        IWaterfall.Rules memory without = _rules();
        _setRules(without);
        _setRules(_coupon(100));
        vm.prank(issuer);
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        falls.setRules(STREAM, without);
    }
}
