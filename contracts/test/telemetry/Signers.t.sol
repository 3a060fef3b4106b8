// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "./TelemetryKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SignersTest is TelemetryKit {
    bytes32 internal constant DIGEST = keccak256("what is signed");

    /* THE FIRST TABLE */

    function test_FirstTableIsActiveAtOnce() public {
        useSigners(7, 3);
        _assertActive(addressesOf(keys), 3, 1);
    }

    function test_FirstTableIsReported() public {
        vm.expectEmit(address(oracle));
        emit ITelemetryAnchor.SignersScheduled(addressesOf(keys), 3, NOW);
        vm.expectEmit(true, false, false, false);
        emit ITelemetryAnchor.SignersActivated(1, address(0), 3);
        useSigners(7, 3);
    }

    function test_NoTableAtTheBeginning() public view {
        _assertActive(new address[](0), 0, 0);
    }

    /* LATER TABLES */

    function test_LaterTableWaits() public {
        useSigners(7, 3);
        useSigners(2, 2);
        vm.warp(NOW + DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignersNotDue.selector, NOW + DELAY));
        oracle.activateSigners();
        _assertActive(addressesOf(keys), 3, 1);
    }

    function test_LaterTableIsActivatedByAnyone() public {
        useSigners(2, 1);
        useSigners(7, 3);
        vm.warp(NOW + DELAY);
        vm.prank(mallory);
        oracle.activateSigners();
        _assertActive(addressesOf(keys), 3, 2);
    }

    function test_OldQuorumIsVoidAfterRotation() public {
        useSigners(7, 3);
        uint256[] memory old = keys;
        bytes memory signatures = signedBy(0x7, DIGEST);
        keys = makeKeys("successor", 5);
        useSigners(5, 3);
        oracle.requireQuorum(DIGEST, 0x7, signatures);
        vm.warp(NOW + DELAY);
        oracle.activateSigners();
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 0x7, signatures);
        oracle.requireQuorum(DIGEST, 0x7, signedBy(0x7, DIGEST));
        keys = old;
    }

    function test_SchedulingAgainReplacesThePendingTable() public {
        useSigners(2, 1);
        useSigners(3, 3);
        vm.warp(NOW + 1 days);
        useSigners(7, 3);
        vm.warp(NOW + DELAY);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignersNotDue.selector, NOW + 1 days + DELAY));
        oracle.activateSigners();
        vm.warp(NOW + 1 days + DELAY);
        oracle.activateSigners();
        _assertActive(addressesOf(keys), 3, 2);
    }

    function test_RevertWhen_ActivatedTwice() public {
        useSigners(7, 3);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignersNotDue.selector, 0));
        oracle.activateSigners();
    }

    /* VALIDATION */

    function test_RevertWhen_Empty() public {
        _expectRefused(new address[](0), 1);
    }

    function test_RevertWhen_ThresholdIsZero() public {
        _expectRefused(addressesOf(keys), 0);
    }

    function test_RevertWhen_ThresholdExceedsTheCount() public {
        _expectRefused(addressesOf(keys), 8);
    }

    function test_RevertWhen_Unsorted() public {
        address[] memory signers = addressesOf(keys);
        (signers[2], signers[3]) = (signers[3], signers[2]);
        _expectRefused(signers, 3);
    }

    function test_RevertWhen_Doubled() public {
        address[] memory signers = addressesOf(keys);
        signers[6] = signers[5];
        _expectRefused(signers, 3);
    }

    function test_RevertWhen_ZeroIsASigner() public {
        address[] memory signers = addressesOf(keys);
        signers[0] = address(0);
        _expectRefused(signers, 3);
    }

    function test_RevertWhen_TooMany() public {
        _expectRefused(_many(256), 3);
    }

    function test_TheLargestTableWorks() public {
        keys = makeKeys("crowd", 255);
        useSigners(255, 255);
        uint256 all = type(uint256).max >> 1;
        oracle.requireQuorum(DIGEST, all, signedBy(all, DIGEST));
    }

    /* ACCESS */

    function test_RevertWhen_SchedulerIsNotOracleAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        oracle.scheduleSigners(_many(1), 1);
    }

    /* HELPERS */

    function _many(uint160 count) private pure returns (address[] memory signers) {
        signers = new address[](count);
        for (uint160 i; i < count; ++i) {
            signers[i] = address(i + 1);
        }
    }

    function _expectRefused(address[] memory signers, uint8 threshold) private {
        vm.prank(oracleAdmin);
        vm.expectRevert(
            abi.encodeWithSelector(ITelemetryAnchor.InvalidSigners.selector, signers.length, uint256(threshold))
        );
        oracle.scheduleSigners(signers, threshold);
    }

    function _assertActive(address[] memory signers, uint8 threshold, uint32 epoch) private view {
        (address[] memory activeSigners, uint8 activeThreshold, uint32 activeEpoch) = oracle.signersOf();
        assertEq(activeSigners, signers, "signers");
        assertEq(uint256(activeThreshold), threshold, "threshold");
        assertEq(uint256(activeEpoch), epoch, "epoch");
    }
}
