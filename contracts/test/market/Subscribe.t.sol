// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {MarketKit} from "./MarketKit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract SubscribeTest is MarketKit {
    uint32 internal number;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
    }

    function _refusedWith(address investor, uint48 units, IRevenueRight.Refusal reason) private {
        vm.expectRevert(abi.encodeWithSelector(IOffering.SubscriptionRefused.selector, investor, units, reason));
        vm.prank(investor);
        offering.subscribe(number, units);
    }

    function _closed() private {
        vm.expectRevert(abi.encodeWithSelector(IOffering.NotOpen.selector, number, OPENS, CLOSES));
        vm.prank(adam);
        offering.subscribe(number, 100);
    }

    /* WHEN IT IS NOT THE TIME */

    function test_RevertWhen_WindowHasNotOpened() public {
        vm.warp(OPENS - 1);
        _closed();
    }

    function test_RevertWhen_WindowHasEnded() public {
        vm.warp(CLOSES);
        _closed();
        vm.warp(CLOSES - 1);
        _subscribe(number, adam, 100);
    }

    function test_RevertWhen_OfferingIsCancelled() public {
        vm.prank(issuer);
        offering.cancel(number);
        _closed();
    }

    function test_RevertWhen_OfferingIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IOffering.UnknownOffering.selector, 7));
        vm.prank(adam);
        offering.subscribe(7, 100);
    }

    function test_RevertWhen_Paused() public {
        _pause(address(offering), true);
        assertTrue(offering.isPaused());
        vm.expectRevert(IMarket.MarketPaused.selector);
        vm.prank(adam);
        offering.subscribe(number, 100);
        _pause(address(offering), false);
        _subscribe(number, adam, 100);
    }

    function test_RevertWhen_TheSeriesIsSealed() public {
        _subscribe(number, adam, 100);
        vm.prank(issuer);
        series.seal();
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        vm.prank(barb);
        offering.subscribe(number, 100);
    }

    /* WHEN THE AMOUNT IS OUT OF BOUNDS */

    function _outOfBounds(uint48 units, uint256 total, uint48 least, uint48 most) private {
        vm.expectRevert(abi.encodeWithSelector(IOffering.OutOfBounds.selector, adam, total, least, most));
        vm.prank(adam);
        offering.subscribe(number, units);
    }

    function test_RevertWhen_BelowTheLeast() public {
        _outOfBounds(99, 99, 100, type(uint48).max);
        _subscribe(number, adam, 100);
        _outOfBounds(0, 100, 100, type(uint48).max);
        _subscribe(number, adam, 1);
    }

    function test_RevertWhen_AboveTheMost() public {
        IOffering.Terms memory terms = _offer();
        terms.maxEach = 500;
        number = _open(terms);
        _subscribe(number, adam, 300);
        _outOfBounds(201, 501, 100, 500);
        _subscribe(number, adam, 200);
    }

    function test_RevertWhen_TheTotalIsTooLarge() public {
        IOffering.Terms memory terms = _offer();
        terms.price = type(uint64).max / 1000;
        number = _open(terms);
        uint256 amount = uint256(terms.price) * 1001;
        vm.expectRevert(abi.encodeWithSelector(IOffering.AmountTooLarge.selector, amount));
        vm.prank(adam);
        offering.subscribe(number, 1001);
        currency.mint(adam, type(uint64).max);
        _subscribe(number, adam, 1000);
    }

    function test_HoldsTheLargestSubscriptions() public {
        IOffering.Terms memory terms = _offer();
        (terms.price, terms.maxUnits) = (1, type(uint48).max);
        number = _open(terms);
        for (uint256 i = 0; i < 3; ++i) {
            currency.mint([adam, barb, carl][i], type(uint48).max);
            _subscribe(number, [adam, barb, carl][i], type(uint48).max);
        }
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; ++i) {
            (uint48 units, uint48 allotted) = offering.subscriptionOf(number, [adam, barb, carl][i]);
            assertEq(units, type(uint48).max, "units");
            sum += allotted;
        }
        assertEq(sum, type(uint48).max, "allotted to the unit");
        bytes4 refusal = IOffering.OutOfBounds.selector;
        vm.expectRevert(abi.encodeWithSelector(refusal, carl, 1 << 48, terms.minEach, type(uint48).max));
        vm.prank(carl);
        offering.subscribe(number, 1);
    }

    /* WHEN THE SERIES WOULD REFUSE */

    function test_RevertWhen_SubscriberIsUnknown() public {
        _refusedWith(mallory, 100, IRevenueRight.Refusal.RecipientUnknown);
    }

    function test_RevertWhen_SubscriberIsFrozen() public {
        _freeze(adam, true, true);
        _refusedWith(adam, 100, IRevenueRight.Refusal.RecipientFrozen);
    }

    function test_RevertWhen_SubscriberIsExpired() public {
        _admit(adam, TODAY, CHINA, PROFESSIONAL, 0);
        _refusedWith(adam, 100, IRevenueRight.Refusal.RecipientExpired);
    }

    function test_RevertWhen_TicketIsTooSmall() public {
        IOffering.Terms memory terms = _offer();
        terms.minEach = 0;
        number = _open(terms);
        _refusedWith(adam, 99, IRevenueRight.Refusal.BelowMinimumTicket);
    }

    function test_RevertWhen_TheCurrencyTakesAFee() public {
        bytes memory pull = abi.encodeCall(IERC20.transferFrom, (adam, address(offering), 300));
        vm.mockCall(address(currency), pull, abi.encode(true));
        vm.expectRevert(abi.encodeWithSelector(IMarket.InexactPayment.selector, 300, 0));
        vm.prank(adam);
        offering.subscribe(number, 100);
    }

    /* WHEN RAISED */

    function test_RaisingAppendsALot() public {
        _subscribe(number, adam, 100);
        _subscribe(number, barb, 100);
        vm.expectEmit(address(offering));
        emit IOffering.Subscribed(number, adam, 3, 50, 150);
        _subscribe(number, adam, 50);
        (uint48 units, uint48 allotted) = offering.subscriptionOf(number, adam);
        assertEq(units, 150, "units");
        assertEq(allotted, 150, "all of them");
        (, IOffering.Totals memory totals) = offering.stateOf(number);
        assertEq(totals.waiting, 2, "two subscribers");
        assertEq(totals.subscribed, 250, "subscribed");
    }

    function test_RaisingAtTheEndMakesTheLotLonger() public {
        for (uint256 i = 0; i < 20; ++i) {
            vm.expectEmit(address(offering));
            emit IOffering.Subscribed(number, adam, 1, 100, 300);
            _subscribe(number, adam, 100);
        }
        _subscribe(number, barb, 18_000);
        (uint48 units, uint48 allotted) = offering.subscriptionOf(number, adam);
        assertEq(units, 2000, "units");
        assertEq(allotted, 1000, "half of them");
    }

    function test_RevertWhen_RaisedTooOften() public {
        for (uint256 i = 0; i < 8; ++i) {
            _subscribe(number, adam, 100);
            _subscribe(number, barb, 100);
        }
        vm.expectRevert(abi.encodeWithSelector(IOffering.TooManyLots.selector, adam, 8));
        vm.prank(adam);
        offering.subscribe(number, 100);
        _subscribe(number, barb, 100);
        vm.prank(adam);
        offering.withdraw(number);
        _subscribe(number, adam, 900);
        (uint48 units,) = offering.subscriptionOf(number, adam);
        assertEq(units, 900, "anew");
    }

    /* WHEN ALL IS IN ORDER */

    function test_PullsTheExactPrice() public {
        vm.expectEmit(address(offering));
        emit IOffering.Subscribed(number, adam, 1, 1000, 3000);
        vm.prank(adam);
        assertEq(offering.subscribe(number, 1000), 3000, "paid");
        assertEq(currency.balanceOf(address(offering)), 3000, "here");
        assertEq(currency.balanceOf(adam), WEALTH - 3000, "from adam");
        assertEq(_status(number), uint256(IOffering.Status.Open), "open");
    }

    function test_DonationsBelongToNobody() public {
        currency.mint(address(offering), 12_345);
        _subscribe(number, adam, 1000);
        _close();
        offering.deliver(number, adam);
        assertEq(currency.balanceOf(address(offering)), 12_345, "untouched");
        assertEq(currency.balanceOf(sponsor), 3000, "price");
    }
}
