// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IdentityKit} from "./IdentityKit.sol";

/// @title Notes what it was told to recover, and what the registry said at that moment.
contract RecoveringDouble {
    ParticipantRegistry private immutable REGISTRY;
    address public lost;
    address public replacement;
    bool public markedBefore;

    constructor(ParticipantRegistry registry) {
        REGISTRY = registry;
    }

    function recover(address lost_, address replacement_) external {
        (lost, replacement) = (lost_, replacement_);
        markedBefore = REGISTRY.walletOf(lost_).lost && !REGISTRY.walletOf(replacement_).lost;
    }
}

contract RecoverTest is IdentityKit {
    bytes32 internal constant RECORD = keccak256("salt and record");

    RecoveringDouble internal series;

    function setUp() public {
        admit(adam, 7);
        series = new RecoveringDouble(participants);
    }

    function test_AdmitsAnUnknownReplacementAsTheSamePerson() public {
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.WalletRegistered(barb, 7, attributesOf(registrationOf(adam, 7)), RECORD);
        _recover(adam, barb);
        IParticipantRegistry.Wallet memory made = participants.walletOf(barb);
        assertEq(uint256(made.participant), 7, "participant");
        assertEq(uint256(made.kycUntil), KYC_UNTIL, "kyc until");
        assertEq(uint256(made.country), GERMANY, "country");
        assertFalse(made.frozen || made.lost, "free");
    }

    function test_AcceptsAnotherWalletOfTheParticipant() public {
        admit(barb, 7);
        _recover(adam, barb);
        assertTrue(participants.walletOf(adam).lost, "lost");
    }

    function test_MarksTheLostWalletForEverAndReports() public {
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.WalletLost(adam, barb, 7);
        _recover(adam, barb);
        admit(adam, 7);
        vm.prank(registrar);
        participants.setFrozen(adam, false, 0, new address[](0));
        assertTrue(participants.walletOf(adam).lost, "lost");
        assertFalse(participants.isVerified(adam), "verified");
    }

    function test_TellsEachSeriesAfterTheMark() public {
        _recover(adam, barb);
        assertEq(series.lost(), adam, "lost");
        assertEq(series.replacement(), barb, "replacement");
        assertTrue(series.markedBefore(), "marked before");
    }

    function test_MayBeContinuedForFurtherSeries() public {
        _recover(adam, barb);
        series = new RecoveringDouble(participants);
        _recover(adam, barb);
        assertEq(series.lost(), adam, "second series");
    }

    function test_AFreezeByOrderGoesAlong() public {
        admit(barb, 7);
        vm.prank(registrar);
        participants.setFrozen(adam, true, "order", new address[](0));
        _recover(adam, barb);
        assertTrue(participants.walletOf(barb).frozen, "known");
        _recover(adam, carl);
        assertTrue(participants.walletOf(carl).frozen, "admitted");
    }

    function test_ALongerLockUpGoesAlong() public {
        admit(barb, 7);
        IParticipantRegistry.Registration memory held = registrationOf(adam, 7);
        held.lockedUntil = NOW + 30 days;
        vm.prank(registrar);
        participants.register(held);
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.WalletRegistered(barb, 7, attributesOf(held), RECORD);
        _recover(adam, barb);
        assertEq(uint256(participants.walletOf(barb).lockedUntil), NOW + 30 days, "as long");
        _recover(adam, carl);
        assertEq(uint256(participants.walletOf(carl).lockedUntil), NOW + 30 days, "admitted");
    }

    function test_AShorterLockUpChangesNothing() public {
        IParticipantRegistry.Registration memory held = registrationOf(barb, 7);
        held.lockedUntil = NOW + 30 days;
        vm.prank(registrar);
        participants.register(held);
        _recover(adam, barb);
        assertEq(uint256(participants.walletOf(barb).lockedUntil), NOW + 30 days, "kept");
    }

    function test_RevertWhen_TheWalletIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.UnknownWallet.selector, barb));
        _recover(barb, carl);
    }

    function test_RevertWhen_TheReplacementIsAnotherPerson() public {
        admit(barb, 8);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.ParticipantMismatch.selector, barb, 8, 7));
        _recover(adam, barb);
    }

    function test_RevertWhen_TheReplacementIsLostItself() public {
        admit(barb, 7);
        _recover(barb, adam);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.InvalidReplacement.selector, adam, barb));
        _recover(adam, barb);
    }

    function test_RevertWhen_TheReplacementIsNobodyOrTheSame() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.InvalidReplacement.selector, adam, address(0)));
        _recover(adam, address(0));
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.InvalidReplacement.selector, adam, adam));
        _recover(adam, adam);
    }

    function test_RevertWhen_CallerIsNotAppointed() public {
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.NotRegistrar.selector, mallory));
        vm.prank(mallory);
        participants.recoverWallet(adam, mallory, RECORD, new address[](0));
    }

    function _recover(address lost, address replacement) private {
        address[] memory told = new address[](1);
        told[0] = address(series);
        vm.prank(registrar);
        participants.recoverWallet(lost, replacement, RECORD, told);
    }
}
