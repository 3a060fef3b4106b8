// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {MarketKit} from "./MarketKit.sol";

contract RefundTest is MarketKit {
    uint32 internal number;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
        _subscribe(number, adam, 400);
        _subscribe(number, barb, 300);
        _subscribe(number, adam, 299);
    }

    function test_RevertWhen_StillOpen() public {
        vm.expectRevert(abi.encodeWithSelector(IOffering.WindowStillOpen.selector, number, CLOSES));
        offering.refund(number, adam);
    }

    function test_RevertWhen_TheOfferingSucceeded() public {
        _subscribe(number, barb, 1);
        _close();
        vm.expectRevert(abi.encodeWithSelector(IOffering.OfferingSucceeded.selector, number));
        offering.refund(number, adam);
    }

    function test_RevertWhen_RefundedBefore() public {
        _close();
        offering.refund(number, adam);
        vm.expectRevert(abi.encodeWithSelector(IOffering.NothingSubscribed.selector, number, adam));
        offering.refund(number, adam);
    }

    function test_AFailingRefundStaysClaimable() public {
        _close();
        odd.setMood(adam, OddCurrency.Mood.SaysFalse);
        offering.refund(number, adam);
        assertEq(offering.owedTo(adam), 2097, "owed");
        odd.setMood(adam, OddCurrency.Mood.Fine);
        vm.prank(mallory);
        offering.withdrawOwed(adam);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        assertEq(currency.balanceOf(mallory), 0, "mallory");
    }

    function test_AFailingRefundHindersNobodyElse() public {
        _close();
        odd.setMood(adam, OddCurrency.Mood.Reverts);
        offering.refund(number, adam);
        offering.refund(number, barb);
        assertEq(currency.balanceOf(barb), WEALTH, "barb");
        assertEq(currency.balanceOf(address(offering)), 2097, "adam's");
    }

    function test_RefundsEverybody() public {
        _close();
        assertEq(_status(number), uint256(IOffering.Status.Failed), "failed");
        vm.expectEmit(address(offering));
        emit IOffering.Refunded(number, adam, 2097);
        vm.prank(mallory);
        assertEq(offering.refund(number, adam), 2097, "amount");
        offering.refund(number, barb);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        assertEq(currency.balanceOf(barb), WEALTH, "barb");
        assertEq(currency.balanceOf(address(offering)), 0, "nothing left");
    }

    function test_RefundsTheFrozen() public {
        _freeze(adam, true, true);
        _close();
        offering.refund(number, adam);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
    }

    function test_RefundsWhilePaused() public {
        _close();
        _pause(address(offering), true);
        assertEq(offering.refund(number, barb), 900, "barb");
    }
}
