// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HolderVote} from "../../src/governance/HolderVote.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title A sealed series whose holders vote: Adam 5 000, Barb 3 000, Carl 2 000 units.
abstract contract VoteKit is RightsKit {
    uint32 internal constant VOTING = 14 days;
    uint32 internal constant APPROVAL = 90 days;
    bytes32 internal constant MOTION = keccak256("motion");
    bytes32 internal constant DOCUMENT = keccak256("document");

    IHolderVote.Choice internal constant YES = IHolderVote.Choice.Yes;
    IHolderVote.Choice internal constant NO = IHolderVote.Choice.No;
    IHolderVote.Choice internal constant ABSTAIN = IHolderVote.Choice.Abstain;

    HolderVote internal votes;

    function setUp() public virtual override {
        super.setUp();
        _launch();
        votes = _newVotes(_rule());
    }

    function _rule() internal pure returns (IHolderVote.Rule memory) {
        return IHolderVote.Rule({
            votingTime: VOTING,
            approvalTime: APPROVAL,
            proposalBp: 2_000,
            quorum: IHolderVote.Fraction(1, 2, false),
            majority: IHolderVote.Fraction(2, 3, false)
        });
    }

    function _newVotes(IHolderVote.Rule memory rule) internal returns (HolderVote created) {
        created = new HolderVote(address(authority), rule);
        allow(address(created), HolderVote.propose.selector, Roles.ISSUER);
        vm.prank(admin);
        authority.grantRole(Roles.VOTING, address(created), 0);
    }

    /// @dev A new series with these holdings of Adam, Barb and Carl.
    function _relaunch(uint64 a, uint64 b, uint64 c, bytes32 salt) internal {
        IRevenueRight.Terms memory terms = _terms();
        terms.minTicket = 1;
        terms.symbol = salt;
        vm.prank(issuer);
        series = ISeries(factory.create(terms, salt));
        if (a != 0) _issue(adam, a);
        if (b != 0) _issue(barb, b);
        if (c != 0) _issue(carl, c);
        vm.prank(issuer);
        series.seal();
    }

    function _propose() internal returns (uint256) {
        vm.prank(issuer);
        return votes.propose(address(series), MOTION, DOCUMENT);
    }

    function _cast(uint256 id, address holder, IHolderVote.Choice choice) internal {
        vm.prank(holder);
        votes.cast(id, choice);
    }

    function _approved() internal view returns (bool) {
        return votes.isApproved(address(series), MOTION);
    }

    function _pass() internal returns (uint256 id) {
        id = _propose();
        _cast(id, adam, YES);
        _cast(id, barb, YES);
        vm.warp(votes.voteOf(id).end + 1);
    }
}
