// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IdentityKit} from "./IdentityKit.sol";

contract RegisterTest is IdentityKit {
    /* GIVEN A NEW WALLET */

    function test_StoresAndReports() public {
        IParticipantRegistry.Registration memory r = registrationOf(adam, 7);
        r.lockedUntil = NOW + 1 days;
        vm.expectEmit(address(participants));
        emit IParticipantRegistry.WalletRegistered(adam, 7, attributesOf(r), r.identityHash);
        _register(r);
        _assertStored(r, false);
    }

    function test_AParticipantMayHaveManyWallets() public {
        admit(adam, 7);
        admit(barb, 7);
        assertEq(uint256(participants.walletOf(adam).participant), 7, "first");
        assertEq(uint256(participants.walletOf(barb).participant), 7, "second");
    }

    function test_AnUnknownWalletIsAllZero() public view {
        IParticipantRegistry.Wallet memory none;
        assertEq(keccak256(abi.encode(participants.walletOf(adam))), keccak256(abi.encode(none)), "wallet");
    }

    function test_HoldsEveryFieldAtItsLimit() public {
        IParticipantRegistry.Registration memory r = registrationOf(address(type(uint160).max), type(uint64).max);
        (r.kycUntil, r.country, r.lockedUntil) = (type(uint16).max, 999, type(uint40).max);
        r.class = type(IParticipantRegistry.Class).max;
        _register(r);
        _assertStored(r, false);
        vm.prank(registrar);
        participants.setFrozen(r.wallet, true, 0, new address[](0));
        _assertStored(r, true);
        address replacement = address(uint160(1));
        vm.prank(registrar);
        participants.recoverWallet(r.wallet, replacement, 0, new address[](0));
        assertTrue(participants.walletOf(r.wallet).lost, "lost");
        r.wallet = replacement;
        _assertStored(r, true);
    }

    /* GIVEN A KNOWN WALLET */

    function test_AttributesAreReplaced() public {
        IParticipantRegistry.Registration memory r = registrationOf(adam, 7);
        r.lockedUntil = NOW + 1 days;
        _register(r);
        (r.kycUntil, r.country, r.lockedUntil) = (0, 40, 0);
        r.class = IParticipantRegistry.Class.Retail;
        _register(r);
        _assertStored(r, false);
    }

    function test_TheFreezeIsKept() public {
        admit(adam, 7);
        vm.prank(registrar);
        participants.setFrozen(adam, true, 0, new address[](0));
        IParticipantRegistry.Registration memory r = registrationOf(adam, 7);
        r.country = 40;
        _register(r);
        _assertStored(r, true);
    }

    function test_RevertWhen_MovedToAnotherParticipant() public {
        admit(adam, 7);
        vm.expectRevert(abi.encodeWithSelector(IParticipantRegistry.ParticipantMismatch.selector, adam, 7, 8));
        _register(registrationOf(adam, 8));
    }

    /* GIVEN A WRONG VALUE */

    function test_RevertWhen_WalletIsZero() public {
        _expectRefused(registrationOf(address(0), 7), "wallet", 0);
    }

    function test_RevertWhen_ParticipantIsZero() public {
        _expectRefused(registrationOf(adam, 0), "participant", 0);
    }

    function test_RevertWhen_CountryIsNotACode() public {
        IParticipantRegistry.Registration memory r = registrationOf(adam, 7);
        r.country = 0;
        _expectRefused(r, "country", 0);
        r.country = 1000;
        _expectRefused(r, "country", 1000);
    }

    function test_RevertWhen_ClassIsNone() public {
        IParticipantRegistry.Registration memory r = registrationOf(adam, 7);
        r.class = IParticipantRegistry.Class.None;
        _expectRefused(r, "class", 0);
    }

    /* GIVEN MANY */

    function test_ABatchIsAsGoodAsSingles() public {
        IParticipantRegistry.Registration[] memory many = new IParticipantRegistry.Registration[](2);
        (many[0], many[1]) = (registrationOf(adam, 7), registrationOf(barb, 8));
        vm.prank(registrar);
        participants.registerBatch(many);
        _assertStored(many[0], false);
        _assertStored(many[1], false);
    }

    function test_RevertWhen_OneOfABatchIsWrong() public {
        IParticipantRegistry.Registration[] memory many = new IParticipantRegistry.Registration[](2);
        (many[0], many[1]) = (registrationOf(adam, 7), registrationOf(barb, 0));
        vm.prank(registrar);
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.InvalidRegistration.selector, barb, bytes32("participant"), 0)
        );
        participants.registerBatch(many);
    }

    /* ACCESS */

    function test_RevertWhen_CallerIsNotAppointed() public {
        bytes memory refusal = abi.encodeWithSelector(IParticipantRegistry.NotRegistrar.selector, mallory);
        vm.startPrank(mallory);
        vm.expectRevert(refusal);
        participants.register(registrationOf(adam, 7));
        vm.expectRevert(refusal);
        participants.registerBatch(new IParticipantRegistry.Registration[](0));
    }

    /* FUZZ */

    /// @dev The hand-packed slot reads back as Solidity reads it, for all values that fit.
    function testFuzz_StoresWhatFits(address wallet, uint64 participant, uint256 traits, bool frozen) public {
        vm.assume(wallet != address(0) && participant != 0);
        IParticipantRegistry.Registration memory r = registrationOf(wallet, participant);
        r.country = uint16(1 + traits % 999);
        r.class = IParticipantRegistry.Class(1 + (traits >> 64) % 3);
        _register(r);
        vm.prank(registrar);
        participants.setFrozen(wallet, frozen, 0, new address[](0));
        (r.kycUntil, r.lockedUntil) = (uint16(traits >> 128), uint40(traits >> 144));
        _register(r);
        _assertStored(r, frozen);
    }

    /// @dev A word with anything above its field is refused, whichever field it is.
    function testFuzz_RevertWhen_AWordIsTooWide(uint256 field, uint256 bit) public {
        uint8[6] memory widths = [160, 64, 16, 16, 8, 40];
        field = bound(field, 0, 5);
        bit = bound(bit, widths[field], 255);
        bytes memory input = abi.encodeCall(participants.register, (registrationOf(adam, 7)));
        input[4 + field * 32 + 31 - bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.prank(registrar);
        (bool ok,) = address(participants).call(input);
        assertFalse(ok, "accepted");
        assertEq(uint256(participants.walletOf(adam).participant), 0, "stored");
    }

    /// @dev The least word that does not fit, for each field; of the classes there are three.
    function test_RevertWhen_AWordIsJustTooWide() public {
        uint256[6] memory words = [uint256(1 << 160), 1 << 64, 1 << 16, 1 << 16, 4, 1 << 40];
        for (uint256 field; field < 6; ++field) {
            bytes memory input = abi.encodeCall(participants.register, (registrationOf(adam, 7)));
            uint256 word = words[field];
            assembly ("memory-safe") {
                mstore(add(add(input, 36), mul(field, 32)), word)
            }
            vm.prank(registrar);
            (bool ok,) = address(participants).call(input);
            assertFalse(ok, "accepted");
        }
    }

    /* HELPERS */

    function _register(IParticipantRegistry.Registration memory r) private {
        vm.prank(registrar);
        participants.register(r);
    }

    function _expectRefused(IParticipantRegistry.Registration memory r, bytes32 field, uint256 value) private {
        vm.expectRevert(
            abi.encodeWithSelector(IParticipantRegistry.InvalidRegistration.selector, r.wallet, field, value)
        );
        _register(r);
    }

    function _assertStored(IParticipantRegistry.Registration memory r, bool frozen) private view {
        IParticipantRegistry.Wallet memory stored = participants.walletOf(r.wallet);
        assertEq(uint256(stored.participant), r.participant, "participant");
        assertEq(uint256(stored.lockedUntil), r.lockedUntil, "locked until");
        assertEq(uint256(stored.kycUntil), r.kycUntil, "kyc until");
        assertEq(uint256(stored.country), r.country, "country");
        assertEq(uint256(stored.class), uint256(r.class), "class");
        assertEq(stored.frozen, frozen, "frozen");
    }
}
