// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {MarketKit} from "./MarketKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract CancelOfferingTest is MarketKit {
    uint32 internal number;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
        _subscribe(number, adam, 2000);
    }

    function _cancel() private {
        vm.prank(issuer);
        offering.cancel(number);
    }

    function test_RevertWhen_CallerIsNotTheIssuer() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, sponsor));
        vm.prank(sponsor);
        offering.cancel(number);
    }

    function test_RevertWhen_WindowHasEnded() public {
        _close();
        vm.expectRevert(abi.encodeWithSelector(IOffering.NotOpen.selector, number, OPENS, CLOSES));
        _cancel();
    }

    function test_RevertWhen_CancelledBefore() public {
        _cancel();
        vm.expectRevert(abi.encodeWithSelector(IOffering.NotOpen.selector, number, OPENS, CLOSES));
        _cancel();
    }

    function test_LetsEverybodyBeRefundedAtOnce() public {
        vm.expectEmit(address(offering));
        emit IOffering.OfferingCancelled(number);
        _cancel();
        assertEq(_status(number), uint256(IOffering.Status.Failed), "failed");
        assertEq(offering.refund(number, adam), 6000, "refund");
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        vm.warp(CLOSES);
        vm.expectRevert(abi.encodeWithSelector(IOffering.OfferingFailed.selector, number));
        offering.deliver(number, adam);
    }
}
