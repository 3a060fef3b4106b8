// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "./TelemetryKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract OpenChainTest is TelemetryKit {
    uint32 internal constant OTHER = STREAM + 1;

    function test_OpensAtItsStart() public {
        bytes32 head = headOf(ITelemetryAnchor.Cursor({digest: 0, seq: 0, to: START, next: 0}));
        vm.expectEmit(address(oracle));
        emit ITelemetryAnchor.ChainOpened(OTHER, START, head);
        openChain(OTHER, START);
        assertEq(oracle.headOf(OTHER), head, "head");
        assertEq(oracle.headAt(OTHER, START), head, "boundary");
    }

    function test_RevertWhen_OpenAlready() public {
        vm.prank(oracleAdmin);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.StreamExists.selector, STREAM));
        oracle.openChain(STREAM, START + 1);
    }

    function test_RevertWhen_CallerIsNotOracleAdmin() public {
        vm.prank(pauser);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, pauser));
        oracle.openChain(OTHER, START);
    }
}

contract PauseTest is TelemetryKit {
    function test_IsReported() public {
        vm.expectEmit(address(oracle));
        emit ITelemetryAnchor.AnchoringPaused(true);
        vm.prank(pauser);
        oracle.setPaused(true);
    }

    function test_RevertWhen_CallerIsNotPauser() public {
        vm.prank(oracleAdmin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, oracleAdmin));
        oracle.setPaused(true);
    }

    function test_DoesNotTouchTheTable() public {
        useSigners(7, 3);
        vm.prank(pauser);
        oracle.setPaused(true);
        (address[] memory signers, uint8 threshold, uint32 epoch) = oracle.signersOf();
        assertEq(signers, addressesOf(keys), "signers");
        assertEq(uint256(threshold), 3, "threshold");
        assertEq(uint256(epoch), 1, "epoch");
    }
}
