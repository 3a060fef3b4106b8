// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {OwnerVote} from "../../src/governance/OwnerVote.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IOwnerVote} from "../../src/interfaces/IOwnerVote.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title Whoever stole a wallet that was given up does not vote for its owner.
contract LostBallotTest is RightsKit {
    function test_RevertWhen_ALostWalletVotes() public {
        OwnerVote owners = new OwnerVote(address(authority), address(registry), 30 days);
        allow(address(owners), owners.addUnits.selector, Roles.REGISTRAR);
        allow(address(owners), owners.propose.selector, Roles.ISSUER);
        IOwnerVote.Unit[] memory units = new IOwnerVote.Unit[](1);
        units[0] = IOwnerVote.Unit({unit: 1, owner: registry.walletOf(adam).participant, area: 9_000});
        vm.prank(registrar);
        owners.addUnits(units);
        vm.prank(issuer);
        uint256 id = owners.propose("motion", IOwnerVote.Kind.Special, new uint64[](0), "doc");
        address next = makeAddr("next of adam");
        vm.prank(registrar);
        registry.recoverWallet(adam, next, "record", new address[](0));
        vm.prank(next);
        owners.cast(id, IOwnerVote.Choice.No);
        vm.prank(adam);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.LostWallet.selector, adam));
        owners.cast(id, IOwnerVote.Choice.Yes);
    }
}
