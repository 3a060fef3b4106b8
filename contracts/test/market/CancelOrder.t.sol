// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {DeskKit} from "./DeskKit.sol";

contract CancelOrderTest is DeskKit {
    function test_RevertWhen_CallerIsNotTheMaker() public {
        vm.expectRevert(abi.encodeWithSelector(IDvpDesk.NotMaker.selector, mallory, adam));
        vm.prank(mallory);
        desk.cancel(_sale());
    }

    function test_CancelsWhilePaused() public {
        _pause(address(desk), true);
        vm.startPrank(adam);
        desk.cancel(_sale());
        desk.cancelBelow(1);
        vm.stopPrank();
        (, bool cancelled) = desk.statusOf(_sale());
        assertTrue(cancelled);
    }

    function test_EndsOneOrder() public {
        IDvpDesk.Order memory other = _sale();
        other.nonce = 6;
        vm.expectEmit(address(desk));
        emit IDvpDesk.OrderCancelled(desk.digestOf(_sale()), adam);
        vm.prank(adam);
        desk.cancel(_sale());
        (, bool cancelled) = desk.statusOf(_sale());
        assertTrue(cancelled, "this one");
        (, cancelled) = desk.statusOf(other);
        assertFalse(cancelled, "not the other");
    }

    function test_EndsAllOrdersBelowANonce() public {
        vm.expectEmit(address(desk));
        emit IDvpDesk.CancelledBelow(adam, 5);
        vm.startPrank(adam);
        desk.cancelBelow(5);
        (, bool cancelled) = desk.statusOf(_sale());
        assertFalse(cancelled, "five is not below five");
        desk.cancelBelow(6);
        (, cancelled) = desk.statusOf(_sale());
        assertTrue(cancelled, "five is below six");
        (, cancelled) = desk.statusOf(_purchase());
        assertFalse(cancelled, "another maker's");
    }

    function test_RevertWhen_TheNonceGoesBack() public {
        vm.startPrank(adam);
        desk.cancelBelow(9);
        for (uint64 nonce = 8; nonce < 10; ++nonce) {
            vm.expectRevert(abi.encodeWithSelector(IDvpDesk.NonceTooLow.selector, adam, nonce, 9));
            desk.cancelBelow(nonce);
        }
    }
}
