// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {OwnerVote} from "../../src/governance/OwnerVote.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IOwnerVote} from "../../src/interfaces/IOwnerVote.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {StreamKit} from "./StreamKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract ActivationTest is StreamKit {
    uint32 private constant STREAM = 3;
    uint32 private constant VOTING = 30 days;

    OwnerVote private owners;

    function setUp() public {
        address people = address(new ParticipantRegistry(address(authority)));
        owners = new OwnerVote(address(authority), people, VOTING);
        allow(address(owners), owners.addUnits.selector, Roles.REGISTRAR);
        allow(address(owners), owners.record.selector, Roles.REGISTRAR);
        allow(address(owners), owners.propose.selector, Roles.ISSUER);
        IOwnerVote.Unit[] memory units = new IOwnerVote.Unit[](1);
        units[0] = IOwnerVote.Unit(1, 1, 10_000);
        vm.prank(registrar);
        owners.addUnits(units);
    }

    function test_OpensOnceTheOwnersHaveAgreed() public {
        _name();
        _pass(registry.activationOf(STREAM), IOwnerVote.Kind.Special);
        _open(STREAM);
        assertTrue(registry.termsOf(STREAM).commonParts, "open");
    }

    function test_TheMotionIsThatOfTheProtocol() public view {
        assertEq(registry.activationOf(7), keccak256(abi.encode("usufruct/activate", uint32(7))), "motion");
    }

    function test_RevertWhen_TheOwnersWereNotAsked() public {
        _name();
        _refused(STREAM);
    }

    function test_RevertWhen_TheOwnersAgreedToAnotherStream() public {
        _name();
        _pass(registry.activationOf(STREAM + 1), IOwnerVote.Kind.Special);
        _refused(STREAM);
    }

    function test_RevertWhen_OnlyAnOrdinaryMotionPassed() public {
        _name();
        _pass(registry.activationOf(STREAM), IOwnerVote.Kind.Ordinary);
        _refused(STREAM);
    }

    function test_RevertWhen_NoOwnersVoteIsNamed() public {
        _pass(registry.activationOf(STREAM), IOwnerVote.Kind.Special);
        _refused(STREAM);
    }

    function test_OtherStreamsAskNobody() public {
        openStream(STREAM, NOW);
        assertFalse(registry.termsOf(STREAM).commonParts, "no common parts");
    }

    function test_TheOwnersVoteIsNamedOnce() public {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.InvalidOwnerVote.selector, address(0), address(0)));
        registry.setOwnerVote(address(0));
        vm.expectEmit(address(registry));
        emit IStreamRegistry.OwnerVoteSet(address(owners));
        registry.setOwnerVote(address(owners));
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.InvalidOwnerVote.selector, address(owners), adam));
        registry.setOwnerVote(adam);
        vm.stopPrank();
        assertEq(registry.ownerVote(), address(owners), "named");
    }

    function test_RevertWhen_CallerIsNotAdmin() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        registry.setOwnerVote(address(owners));
    }

    function _name() private {
        vm.prank(admin);
        registry.setOwnerVote(address(owners));
    }

    function _pass(bytes32 motion, IOwnerVote.Kind kind) private {
        vm.prank(issuer);
        uint256 id = owners.propose(motion, kind, new uint64[](0), 0);
        (uint64[] memory who, IOwnerVote.Choice[] memory said) = (new uint64[](1), new IOwnerVote.Choice[](1));
        (who[0], said[0]) = (1, IOwnerVote.Choice.Yes);
        vm.prank(registrar);
        owners.record(id, who, said, "scan");
        vm.warp(NOW + VOTING + 1);
    }

    function _open(uint32 stream) private {
        IStreamRegistry.Terms memory terms = termsFrom(NOW);
        terms.commonParts = true;
        vm.prank(issuer);
        registry.open(stream, "PARKING", terms, TARIFF, new uint32[](0));
    }

    function _refused(uint32 stream) private {
        bytes32 motion = registry.activationOf(stream);
        vm.expectRevert(abi.encodeWithSelector(IStreamRegistry.OwnersNotAgreed.selector, stream, motion));
        _open(stream);
    }
}
