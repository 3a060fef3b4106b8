// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {OwnerVote} from "../../src/governance/OwnerVote.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IOwnerVote} from "../../src/interfaces/IOwnerVote.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {Kit} from "../Kit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract AskOwnersTest is Kit {
    uint32 private constant VOTING = 30 days;
    bytes32 private constant MOTION = keccak256("motion");
    bytes32 private constant PAPER = keccak256("scan");
    IOwnerVote.Choice private constant YES = IOwnerVote.Choice.Yes;
    IOwnerVote.Choice private constant NO = IOwnerVote.Choice.No;
    IOwnerVote.Choice private constant ABSTAIN = IOwnerVote.Choice.Abstain;
    IOwnerVote.Kind private constant ORDINARY = IOwnerVote.Kind.Ordinary;
    IOwnerVote.Kind private constant SPECIAL = IOwnerVote.Kind.Special;
    IOwnerVote.Kind private constant CONVERSION = IOwnerVote.Kind.Conversion;

    ParticipantRegistry private registry;
    OwnerVote private owners;
    uint32 private units;

    function setUp() public {
        registry = new ParticipantRegistry(address(authority));
        vm.prank(admin);
        registry.appointRegistrar(registrar, true);
        owners = new OwnerVote(address(authority), address(registry), VOTING);
        allow(address(owners), owners.addUnits.selector, Roles.REGISTRAR);
        allow(address(owners), owners.moveUnit.selector, Roles.REGISTRAR);
        allow(address(owners), owners.record.selector, Roles.REGISTRAR);
        allow(address(owners), owners.propose.selector, Roles.ISSUER);
    }

    /* REGISTER */

    function test_UnitsOfOneOwnerAddUpAndCountOneHead() public {
        _unit(1, 9_000);
        vm.expectEmit(address(owners));
        emit IOwnerVote.UnitAdded(2, 1, 6_000);
        _unit(1, 6_000);
        _unit(2, 5_000);
        (uint256 area, uint256 heads) = owners.totals();
        assertEq(area, 20_000, "area");
        assertEq(heads, 2, "heads");
        assertEq(owners.areaOf(1), 15_000, "one owner");
        (uint64 owner, uint32 size) = owners.unitOf(3);
        assertEq(owner, 2, "owner");
        assertEq(size, 5_000, "size");
    }

    function test_AMovedUnitTakesItsAreaAlong() public {
        _unit(1, 9_000);
        _unit(2, 6_000);
        vm.expectEmit(address(owners));
        emit IOwnerVote.UnitMoved(2, 2, 1, 6_000);
        _move(2, 1);
        (uint256 area, uint256 heads) = owners.totals();
        assertEq(area, 15_000, "area");
        assertEq(heads, 1, "heads");
        _move(1, 3);
        (, heads) = owners.totals();
        assertEq(heads, 2, "a new head");
        _move(1, 3);
        assertEq(owners.areaOf(3), 9_000, "moved to oneself");
        (, heads) = owners.totals();
        assertEq(heads, 2, "the same head");
    }

    function test_RevertWhen_AUnitIsNotAllowed() public {
        _refusedUnit(0, 1, 1, abi.encodeWithSelector(IOwnerVote.InvalidUnit.selector, 0, bytes32("unit")));
        _refusedUnit(1, 0, 1, abi.encodeWithSelector(IOwnerVote.InvalidUnit.selector, 1, bytes32("owner")));
        _refusedUnit(1, 1, 0, abi.encodeWithSelector(IOwnerVote.InvalidUnit.selector, 1, bytes32("area")));
        _unit(1, 1);
        _refusedUnit(1, 2, 1, abi.encodeWithSelector(IOwnerVote.UnitExists.selector, 1));
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.UnknownUnit.selector, 9));
        _move(9, 1);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.InvalidUnit.selector, 1, bytes32("owner")));
        _move(1, 0);
    }

    function test_RevertWhen_TheRegisterIsChangedDuringAVote() public {
        _unit(1, 1);
        _propose(SPECIAL);
        vm.warp(NOW + VOTING);
        bytes memory refusal = abi.encodeWithSelector(IOwnerVote.RegisterFixed.selector, NOW + VOTING);
        _refusedUnit(5, 2, 1, refusal);
        vm.expectRevert(refusal);
        _move(1, 2);
        vm.warp(NOW + VOTING + 1);
        _move(1, 2);
    }

    /* PROPOSING */

    function test_IsReported() public {
        _unit(1, 1);
        vm.expectEmit(address(owners));
        emit IOwnerVote.OwnersAsked(1, MOTION, SPECIAL, new uint64[](0), PAPER, NOW + VOTING);
        _propose(SPECIAL);
        assertEq(owners.lastVote(MOTION, SPECIAL), 1, "last");
        assertEq(owners.votingTime(), VOTING, "time");
    }

    function test_RevertWhen_TheMotionIsNotAllowed() public {
        vm.expectRevert(IOwnerVote.RegisterEmpty.selector);
        _propose(SPECIAL);
        _unit(1, 1);
        vm.startPrank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.InvalidMotion.selector, bytes32(0), bytes32("motion")));
        owners.propose(0, SPECIAL, new uint64[](0), PAPER);
        bytes memory refusal = abi.encodeWithSelector(IOwnerVote.InvalidMotion.selector, MOTION, bytes32("affected"));
        vm.expectRevert(refusal);
        owners.propose(MOTION, CONVERSION, new uint64[](0), PAPER);
        vm.expectRevert(refusal);
        owners.propose(MOTION, SPECIAL, _list(1), PAPER);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.NotAnOwner.selector, 7));
        owners.propose(MOTION, CONVERSION, _list(7), PAPER);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.NamedTwice.selector, 1));
        owners.propose(MOTION, CONVERSION, _list(1, 1), PAPER);
        vm.stopPrank();
    }

    function test_RevertWhen_TheMotionIsOpenOrPassed() public {
        _unit(1, 1);
        uint256 id = _propose(SPECIAL);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.MotionStillOpen.selector, MOTION, NOW + VOTING));
        _propose(SPECIAL);
        _paper(id, 1, YES);
        vm.warp(NOW + VOTING + 1);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.AlreadyPassed.selector, MOTION));
        _propose(SPECIAL);
        // An ordinary vote on the same matter takes nothing back.
        _propose(ORDINARY);
        vm.warp(NOW + 3 * VOTING);
        assertTrue(owners.isPassed(MOTION), "still passed");
    }

    function test_RevertWhen_TheVotingTimeIsNotAllowed() public {
        uint32[2] memory times = [uint32(1 hours - 1), 180 days + 1];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOwnerVote.InvalidVotingTime.selector, times[i]));
            new OwnerVote(address(authority), address(registry), times[i]);
        }
    }

    function test_RevertWhen_CallerLacksTheRole() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(refusal);
        owners.addUnits(new IOwnerVote.Unit[](0));
        vm.expectRevert(refusal);
        owners.moveUnit(1, 1);
        vm.expectRevert(refusal);
        owners.propose(MOTION, SPECIAL, new uint64[](0), PAPER);
        vm.expectRevert(refusal);
        owners.record(1, new uint64[](0), new IOwnerVote.Choice[](0), PAPER);
        vm.stopPrank();
    }

    /* BALLOTS */

    function test_AWalletVotesForItsParticipantOnce() public {
        _unit(1, 9_000);
        _unit(1, 1_000);
        _unit(2, 5_000);
        _admit(adam, 1);
        _admit(barb, 1); // another wallet of the same participant
        uint256 id = _propose(ORDINARY);
        vm.expectEmit(address(owners));
        emit IOwnerVote.Ballot(id, 1, YES, 10_000, 0);
        _cast(id, adam, YES);
        _cast(id, barb, NO);
        IOwnerVote.Motion memory motion = owners.motionOf(id);
        assertEq(motion.castHeads, 1, "one head");
        assertEq(motion.castArea, 10_000, "its area");
        assertEq(motion.yesHeads + motion.yesArea, 0, "the later ballot counts");
        assertTrue(owners.choiceOf(id, 1) == NO, "choice");
    }

    function test_PaperIsCountedAndAWalletReplacesIt() public {
        _unit(1, 1);
        _unit(2, 1);
        _admit(adam, 1);
        uint256 id = _propose(ORDINARY);
        vm.expectEmit(address(owners));
        emit IOwnerVote.Ballot(id, 1, NO, 1, PAPER);
        _paper(id, 1, NO);
        _paper(id, 2, ABSTAIN);
        _cast(id, adam, YES);
        assertEq(owners.motionOf(id).yesHeads, 1, "yes");
        assertEq(owners.motionOf(id).castHeads, 2, "cast");
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.VotedByWallet.selector, id, 1));
        _paper(id, 1, NO);
    }

    function test_RevertWhen_BallotsAreNotAllowed() public {
        _unit(1, 1);
        _admit(mallory, 8);
        uint256 id = _propose(ORDINARY);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.NotAnOwner.selector, 8));
        _cast(id, mallory, YES);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.NotAnOwner.selector, 0));
        _cast(id, carl, YES);
        bytes memory refusal = abi.encodeWithSelector(IOwnerVote.InvalidBallots.selector, id, 1, 1);
        vm.expectRevert(refusal);
        _cast(id, mallory, IOwnerVote.Choice.None);
        vm.expectRevert(refusal);
        _paper(id, 1, IOwnerVote.Choice.None);
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.InvalidBallots.selector, id, 1, 0));
        owners.record(id, _list(1), new IOwnerVote.Choice[](0), PAPER);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.InvalidBallots.selector, id, 1, 1));
        owners.record(id, _list(1), new IOwnerVote.Choice[](1), 0);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.UnknownMotion.selector, 9));
        owners.record(9, new uint64[](0), new IOwnerVote.Choice[](0), PAPER);
        vm.stopPrank();
        vm.warp(NOW + VOTING);
        _paper(id, 1, YES);
        vm.warp(NOW + VOTING + 1);
        vm.expectRevert(abi.encodeWithSelector(IOwnerVote.BallotsClosed.selector, id, NOW + VOTING));
        _paper(id, 1, NO);
    }

    /* MAJORITIES */

    function test_ExactlyTwoThirdsTakingPartAreEnough() public {
        assertTrue(_decided(ORDINARY, [uint32(10), 10, 10], [YES, YES, IOwnerVote.Choice.None]), "2/3 and 2/3");
        assertFalse(_decided(ORDINARY, [uint32(10), 9, 10], [YES, YES, IOwnerVote.Choice.None]), "area short");
        assertFalse(
            _decided(ORDINARY, [uint32(90), 5, 5], [YES, IOwnerVote.Choice.None, IOwnerVote.Choice.None]), "heads short"
        );
    }

    function test_ExactlyOneHalfFails() public {
        assertFalse(_decided(ORDINARY, [uint32(20), 10, 10], [YES, NO, NO]), "half the area, a third of the heads");
        assertFalse(_decided(ORDINARY, [uint32(10), 10, 20], [YES, YES, NO]), "exactly half the area");
        assertTrue(_decided(ORDINARY, [uint32(11), 10, 20], [YES, YES, NO]), "more than half of both");
        assertFalse(_decided(ORDINARY, [uint32(50), 10, 10], [YES, NO, NO]), "area alone");
        assertFalse(_decided(ORDINARY, [uint32(10), 10, 50], [YES, YES, NO]), "heads alone");
    }

    function test_ExactlyThreeQuartersPassASpecialMotion() public {
        assertTrue(_special(30, 30, 30, 30), "3/4 and 3/4");
        assertFalse(_special(30, 30, 30, 31), "area short");
        assertFalse(_decided(SPECIAL, [uint32(80), 80, 20], [YES, YES, NO]), "heads short");
    }

    function test_AbstentionsTakePartAndAgreeToNothing() public {
        assertFalse(_decided(SPECIAL, [uint32(10), 10, 10], [YES, YES, ABSTAIN]), "special");
        assertTrue(_decided(ORDINARY, [uint32(10), 10, 10], [YES, YES, ABSTAIN]), "ordinary");
    }

    function test_AConversionNeedsEveryAffectedOwner() public {
        for (uint64 owner = 1; owner <= 4; ++owner) {
            _unit(owner, 10);
        }
        vm.prank(issuer);
        uint256 id = owners.propose(MOTION, CONVERSION, _list(2, 3), PAPER);
        _paper(id, 2, YES);
        uint256 point = vm.snapshotState();
        vm.warp(NOW + VOTING + 1);
        assertTrue(owners.outcomeOf(id) == IOwnerVote.Outcome.Failed, "one is missing");
        vm.revertToState(point);
        _paper(id, 3, YES);
        _paper(id, 1, NO);
        _paper(id, 4, NO);
        vm.warp(NOW + VOTING + 1);
        assertTrue(owners.outcomeOf(id) == IOwnerVote.Outcome.Passed, "both, nobody else counts");
        assertFalse(owners.isPassed(MOTION), "not a special motion");
    }

    function test_AnAffectedOwnerMayTakeConsentBack() public {
        _unit(1, 10);
        vm.prank(issuer);
        uint256 id = owners.propose(MOTION, CONVERSION, _list(1), PAPER);
        _paper(id, 1, YES);
        _paper(id, 1, NO);
        vm.warp(NOW + VOTING + 1);
        assertTrue(owners.outcomeOf(id) == IOwnerVote.Outcome.Failed, "failed");
    }

    function test_OtherContractsSeeSpecialMotionsOnly() public {
        _unit(1, 10);
        uint256 id = _propose(ORDINARY);
        _paper(id, 1, YES);
        uint256 special = _propose(SPECIAL);
        _paper(special, 1, YES);
        assertFalse(owners.isPassed(MOTION), "open");
        vm.warp(NOW + VOTING + 1);
        assertTrue(owners.outcomeOf(id) == IOwnerVote.Outcome.Passed, "ordinary");
        assertTrue(owners.isPassed(MOTION), "special");
        assertFalse(owners.isPassed(keccak256("another")), "another");
    }

    function test_AnOrdinaryMajorityIsNoSpecialOne() public {
        _unit(1, 10);
        uint256 id = _propose(ORDINARY);
        _paper(id, 1, YES);
        vm.warp(NOW + VOTING + 1);
        assertTrue(owners.outcomeOf(id) == IOwnerVote.Outcome.Passed, "ordinary");
        assertFalse(owners.isPassed(MOTION), "special");
    }

    /// @dev Against exact rationals over random registers, ballots and changes of mind.
    function testFuzz_DecidesByAreaAndByHeads(
        uint8[6] memory areas,
        uint8[6] memory first,
        uint8[6] memory last,
        bool special
    ) public {
        uint256[4] memory areaOf;
        uint256[4] memory headsOf;
        for (uint64 i; i < 6; ++i) {
            areas[i] = uint8(bound(areas[i], 1, 4));
            (first[i], last[i]) = (uint8(bound(first[i], 0, 3)), uint8(bound(last[i], 0, 3)));
            _unit(i + 1, areas[i]);
            uint256 said = last[i] == 0 ? first[i] : last[i];
            areaOf[said] += areas[i];
            ++headsOf[said];
        }
        uint256 id = _propose(special ? SPECIAL : ORDINARY);
        for (uint64 i; i < 6; ++i) {
            if (first[i] != 0) _paper(id, i + 1, IOwnerVote.Choice(first[i]));
            if (last[i] != 0) _paper(id, i + 1, IOwnerVote.Choice(last[i]));
        }
        vm.warp(NOW + VOTING + 1);
        bool passed = _passes(areaOf, special) && _passes(headsOf, special);
        assertEq(owners.outcomeOf(id) == IOwnerVote.Outcome.Passed, passed, "outcome");
        assertEq(owners.isPassed(MOTION), passed && special, "special");
    }

    /* HELPERS */

    function _passes(uint256[4] memory sums, bool special) private pure returns (bool) {
        uint256 took = sums[1] + sums[2] + sums[3];
        if (took * 3 < (took + sums[0]) * 2) return false;
        return special ? sums[1] * 4 >= took * 3 : sums[1] * 2 > took;
    }

    /// @dev A fresh register of three owners, their ballots, and whether the motion passed.
    function _decided(IOwnerVote.Kind kind, uint32[3] memory areas, IOwnerVote.Choice[3] memory choices)
        private
        returns (bool passed)
    {
        uint256 point = vm.snapshotState();
        for (uint64 i; i < 3; ++i) {
            _unit(i + 1, areas[i]);
        }
        uint256 id = _propose(kind);
        for (uint64 i; i < 3; ++i) {
            if (choices[i] != IOwnerVote.Choice.None) _paper(id, i + 1, choices[i]);
        }
        vm.warp(NOW + VOTING + 1);
        passed = owners.outcomeOf(id) == IOwnerVote.Outcome.Passed;
        vm.revertToState(point);
    }

    /// @dev Three for it and one against.
    function _special(uint32 a, uint32 b, uint32 c, uint32 against) private returns (bool passed) {
        uint256 point = vm.snapshotState();
        uint32[4] memory areas = [a, b, c, against];
        for (uint64 i; i < 4; ++i) {
            _unit(i + 1, areas[i]);
        }
        uint256 id = _propose(SPECIAL);
        for (uint64 i; i < 4; ++i) {
            _paper(id, i + 1, i == 3 ? NO : YES);
        }
        vm.warp(NOW + VOTING + 1);
        passed = owners.isPassed(MOTION);
        vm.revertToState(point);
    }

    function _unit(uint64 owner, uint32 area) private {
        IOwnerVote.Unit[] memory list = new IOwnerVote.Unit[](1);
        list[0] = IOwnerVote.Unit(++units, owner, area);
        vm.prank(registrar);
        owners.addUnits(list);
    }

    function _refusedUnit(uint32 unit, uint64 owner, uint32 area, bytes memory refusal) private {
        IOwnerVote.Unit[] memory list = new IOwnerVote.Unit[](1);
        list[0] = IOwnerVote.Unit(unit, owner, area);
        vm.expectRevert(refusal);
        vm.prank(registrar);
        owners.addUnits(list);
    }

    function _move(uint32 unit, uint64 to) private {
        vm.prank(registrar);
        owners.moveUnit(unit, to);
    }

    function _propose(IOwnerVote.Kind kind) private returns (uint256) {
        vm.prank(issuer);
        return owners.propose(MOTION, kind, new uint64[](0), PAPER);
    }

    function _cast(uint256 id, address wallet, IOwnerVote.Choice choice) private {
        vm.prank(wallet);
        owners.cast(id, choice);
    }

    function _paper(uint256 id, uint64 owner, IOwnerVote.Choice choice) private {
        IOwnerVote.Choice[] memory choices = new IOwnerVote.Choice[](1);
        choices[0] = choice;
        vm.prank(registrar);
        owners.record(id, _list(owner), choices, PAPER);
    }

    function _admit(address wallet, uint64 participant) private {
        IParticipantRegistry.Registration memory entry = IParticipantRegistry.Registration(
            wallet, participant, 30_000, 156, IParticipantRegistry.Class.Retail, 0, 0
        );
        vm.prank(registrar);
        registry.register(entry);
    }

    function _list(uint64 one) private pure returns (uint64[] memory list) {
        list = new uint64[](1);
        list[0] = one;
    }

    function _list(uint64 one, uint64 two) private pure returns (uint64[] memory list) {
        list = new uint64[](2);
        (list[0], list[1]) = (one, two);
    }
}
