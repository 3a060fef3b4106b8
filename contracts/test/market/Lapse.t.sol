// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {MarketKit} from "./MarketKit.sol";

contract LapseTest is MarketKit {
    uint32 internal number;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
        _subscribe(number, adam, 5000);
        _subscribe(number, barb, 20_000);
    }

    function _lapseAs(address caller, address subscriber) private returns (uint64) {
        vm.prank(caller);
        return offering.lapse(number, subscriber);
    }

    function test_RevertWhen_TheTimeForDeliveryIsNotOver() public {
        _freeze(adam, true, true);
        vm.warp(DELIVERED_BY - 1);
        vm.expectRevert(abi.encodeWithSelector(IOffering.TooEarlyToLapse.selector, number, DELIVERED_BY));
        _lapseAs(adam, adam);
        vm.warp(DELIVERED_BY);
        _lapseAs(mallory, adam);
    }

    function test_RevertWhen_StillOpen() public {
        vm.expectRevert(abi.encodeWithSelector(IOffering.WindowStillOpen.selector, number, CLOSES));
        _lapseAs(adam, adam);
    }

    function test_RevertWhen_TheOfferingFailed() public {
        vm.prank(issuer);
        offering.cancel(number);
        vm.warp(DELIVERED_BY);
        vm.expectRevert(abi.encodeWithSelector(IOffering.OfferingFailed.selector, number));
        _lapseAs(adam, adam);
    }

    function test_RevertWhen_Deliverable() public {
        vm.warp(DELIVERED_BY);
        vm.expectRevert(abi.encodeWithSelector(IOffering.Deliverable.selector, number, adam));
        _lapseAs(mallory, adam);
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 2000, "late but delivered");
    }

    function test_RefundsTheSubscriberWhoAsks() public {
        vm.warp(DELIVERED_BY);
        assertEq(_lapseAs(adam, adam), 15_000, "amount");
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
    }

    function test_RevertWhen_NothingIsAllotted() public {
        IRevenueRight.Terms memory rules = _terms();
        (rules.minTicket, rules.symbol) = (0, "OTHER");
        series = _create(rules);
        IOffering.Terms memory terms = _offer();
        terms.minEach = 0;
        number = _open(terms);
        _subscribe(number, adam, 1);
        _subscribe(number, barb, 99_999);
        _freeze(adam, true, true);
        vm.warp(DELIVERED_BY);
        vm.expectRevert(abi.encodeWithSelector(IOffering.Deliverable.selector, number, adam));
        _lapseAs(mallory, adam);
        offering.deliver(number, adam);
        assertEq(currency.balanceOf(adam), WEALTH - 15_000, "the money came back");
    }

    function test_RefundsTheFrozenAndLetsTheUnitsLapse() public {
        _freeze(adam, true, true);
        vm.warp(DELIVERED_BY);
        offering.deliver(number, barb);
        vm.expectEmit(address(offering));
        emit IOffering.Lapsed(number, adam, 5000, 15_000);
        _lapseAs(mallory, adam);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        assertEq(series.totalSupply(), 8000, "his units are nobody's");
        assertEq(_status(number), uint256(IOffering.Status.Complete), "complete");
    }

    function test_RefundsTheExpired() public {
        _admit(adam, TODAY + 2, CHINA, PROFESSIONAL, 0);
        vm.warp(DELIVERED_BY);
        assertEq(_lapseAs(mallory, adam), 15_000, "amount");
    }

    function test_RefundsWhoseAllotmentIsTooSmall() public {
        _subscribe(number, carl, 200);
        vm.warp(DELIVERED_BY);
        (, uint48 allotted) = offering.subscriptionOf(number, carl);
        assertLt(allotted, TICKET, "too small");
        assertEq(_lapseAs(mallory, carl), 600, "amount");
    }

    function test_RefundsWhenTheSeriesIsSealed() public {
        vm.prank(issuer);
        series.seal();
        vm.warp(DELIVERED_BY);
        assertEq(_lapseAs(mallory, barb), 60_000, "amount");
        assertEq(currency.balanceOf(barb), WEALTH, "barb");
    }

    function test_ASealedSeriesGivesBackAtOnce() public {
        vm.prank(issuer);
        series.seal();
        vm.expectRevert(abi.encodeWithSelector(IOffering.WindowStillOpen.selector, number, CLOSES));
        _lapseAs(adam, adam);
        vm.warp(CLOSES);
        assertEq(_lapseAs(adam, adam), 15_000, "amount");
        assertEq(_lapseAs(mallory, barb), 60_000, "for anyone");
        assertEq(currency.balanceOf(address(offering)), 0, "nothing stays");
    }
}
