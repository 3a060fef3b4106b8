// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {Payment} from "../../src/libraries/Payment.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {MarketKit} from "./MarketKit.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract DeliverTest is MarketKit {
    uint32 internal number;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
    }

    /// @dev 25 000 for 10 000.
    function _overSubscribe() private {
        _subscribe(number, adam, 5000);
        _subscribe(number, barb, 20_000);
        _close();
    }

    /* WHEN IT IS REFUSED */

    function test_RevertWhen_StillOpen() public {
        _subscribe(number, adam, 1000);
        vm.warp(CLOSES - 1);
        vm.expectRevert(abi.encodeWithSelector(IOffering.WindowStillOpen.selector, number, CLOSES));
        offering.deliver(number, adam);
    }

    function test_RevertWhen_TheOfferingFailed() public {
        _subscribe(number, adam, 999);
        _close();
        vm.expectRevert(abi.encodeWithSelector(IOffering.OfferingFailed.selector, number));
        offering.deliver(number, adam);
    }

    function test_RevertWhen_NothingIsSubscribed() public {
        _subscribe(number, adam, 1000);
        _close();
        offering.deliver(number, adam);
        for (uint256 i = 0; i < 2; ++i) {
            address who = i == 0 ? adam : barb;
            vm.expectRevert(abi.encodeWithSelector(IOffering.NothingSubscribed.selector, number, who));
            offering.deliver(number, who);
        }
    }

    function test_RevertWhen_SubscriberIsFrozenMeanwhile() public {
        _subscribe(number, adam, 1000);
        _freeze(adam, true, true);
        _close();
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueRight.TransferRefused.selector, address(0), adam, 1000, IRevenueRight.Refusal.RecipientFrozen, 0
            )
        );
        offering.deliver(number, adam);
        assertEq(currency.balanceOf(address(offering)), 3000, "kept");
        _freeze(adam, false, true);
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 1000, "units");
    }

    function test_RevertWhen_TheSeriesIsSealed() public {
        _subscribe(number, adam, 1000);
        _close();
        vm.prank(issuer);
        series.seal();
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        offering.deliver(number, adam);
    }

    function test_RevertWhen_TheBeneficiaryCannotBePaid() public {
        _subscribe(number, adam, 1000);
        _close();
        odd.setMood(sponsor, OddCurrency.Mood.Reverts);
        vm.expectRevert(abi.encodeWithSignature("Error(string)", "no"));
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 0, "units");
    }

    /* WHEN THE EXCESS CANNOT BE RETURNED */

    function test_OwesTheExcessThatCannotBeReturned() public {
        _overSubscribe();
        odd.setMood(adam, OddCurrency.Mood.Reverts);
        vm.expectEmit(address(offering));
        emit IOffering.RefundFailed(adam, 9000);
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 2000, "units");
        assertEq(offering.owedTo(adam), 9000, "owed");
        vm.expectRevert(abi.encodeWithSignature("Error(string)", "no"));
        offering.withdrawOwed(adam);
        odd.setMood(adam, OddCurrency.Mood.Fine);
        vm.expectEmit(address(offering));
        emit IOffering.OwedWithdrawn(adam, 9000);
        assertEq(offering.withdrawOwed(adam), 9000, "withdrawn");
        assertEq(currency.balanceOf(adam), WEALTH - 6000, "adam");
        vm.expectRevert(abi.encodeWithSelector(IOffering.NothingOwed.selector, adam));
        offering.withdrawOwed(adam);
    }

    function test_SurvivesASubscriberWhoBurnsGas() public {
        _overSubscribe();
        odd.setMood(adam, OddCurrency.Mood.BurnsGas);
        offering.deliver{gas: 500_000}(number, adam);
        assertEq(offering.owedTo(adam), 9000, "owed");
    }

    function test_RevertWhen_GasIsTooLowToReturn() public {
        _overSubscribe();
        (bool done, bytes memory answer) =
            address(offering).call{gas: 200_000}(abi.encodeCall(offering.deliver, (number, adam)));
        assertFalse(done, "done");
        assertEq(bytes32(bytes4(answer)), bytes32(Payment.GasTooLow.selector), "reason");
    }

    function test_CallingBackGetsNothingMore() public {
        _overSubscribe();
        odd.setCall(adam, abi.encodeCall(offering.deliver, (number, barb)));
        offering.deliver(number, adam);
        assertEq(offering.owedTo(adam), 9000, "the payment failed");
        assertEq(series.balanceOf(barb), 0, "barb");
        odd.setCall(adam, abi.encodeCall(offering.withdrawOwed, (adam)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        offering.withdrawOwed(adam);
    }

    /* WHEN IT IS NOT */

    function test_DeliversWhilePaused() public {
        _subscribe(number, adam, 1000);
        _close();
        _pause(address(offering), true);
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 1000, "units");
    }

    function test_DeliversEverything() public {
        _subscribe(number, adam, 1000);
        _subscribe(number, barb, 9000);
        _close();
        vm.expectEmit(address(offering));
        emit IOffering.Delivered(number, barb, 9000, 27_000, 0);
        vm.prank(mallory);
        assertEq(offering.deliver(number, barb), 9000, "units");
        assertEq(series.balanceOf(barb), 9000, "placed");
        assertEq(currency.balanceOf(sponsor), 27_000, "price");
        assertEq(currency.balanceOf(address(offering)), 3000, "adam's");
    }

    function test_DeliversProRata() public {
        _overSubscribe();
        vm.expectEmit(address(offering));
        emit IOffering.Delivered(number, barb, 8000, 24_000, 36_000);
        offering.deliver(number, barb);
        offering.deliver(number, adam);
        assertEq(series.balanceOf(adam), 2000, "adam");
        assertEq(series.balanceOf(barb), 8000, "barb");
        assertEq(currency.balanceOf(barb), WEALTH - 24_000, "barb's rest");
        assertEq(currency.balanceOf(sponsor), 30_000, "price");
        assertEq(currency.balanceOf(address(offering)), 0, "nothing left");
    }

    function test_ReturnsEverythingForNoUnits() public {
        IRevenueRight.Terms memory rules = _terms();
        rules.minTicket = 0;
        rules.symbol = "OTHER";
        series = _create(rules);
        IOffering.Terms memory terms = _offer();
        (terms.maxUnits, terms.minUnits, terms.minEach) = (10, 1, 1);
        number = _open(terms);
        _subscribe(number, adam, 1);
        _subscribe(number, barb, 99);
        _close();
        vm.expectEmit(address(offering));
        emit IOffering.Delivered(number, adam, 0, 0, 3);
        offering.deliver(number, adam);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        assertEq(offering.deliver(number, barb), 10, "barb gets all");
    }

    function testFuzz_PlacesTheMaximumToTheUnit(uint48[5] memory units, uint256 first) public {
        IRevenueRight.Terms memory rules = _terms();
        rules.minTicket = 0;
        rules.symbol = "OTHER";
        series = _create(rules);
        IOffering.Terms memory terms = _offer();
        (terms.minEach, terms.price) = (0, 1);
        number = _open(terms);
        uint256 total = 0;
        for (uint256 i = 0; i < 5; ++i) {
            units[i] = uint48(bound(units[i], 200, 1_000_000));
            total += units[i];
            _subscribe(number, investors[i], units[i]);
        }
        _close();
        for (uint256 i = 0; i < 5; ++i) {
            uint256 k = (i + first % 5) % 5;
            uint256 given = offering.deliver(number, investors[k]);
            uint256 exact = total <= 10_000 ? uint256(units[k]) * total : uint256(units[k]) * 10_000;
            assertLt(given * total, exact + total, "less than one above the exact share");
            assertGt(given * total + total, exact, "less than one below it");
        }
        assertEq(series.totalSupply(), total < 10_000 ? total : 10_000, "placed");
        assertEq(currency.balanceOf(sponsor), series.totalSupply(), "price");
        assertEq(currency.balanceOf(address(offering)), 0, "nothing left");
    }

    function test_CompletesAndCanBeSealed() public {
        _overSubscribe();
        offering.deliver(number, adam);
        assertEq(_status(number), uint256(IOffering.Status.Delivering), "one left");
        offering.deliver(number, barb);
        (IOffering.Status status, IOffering.Totals memory totals) = offering.stateOf(number);
        assertEq(uint256(status), uint256(IOffering.Status.Complete), "complete");
        assertEq(totals.placed, 10_000, "placed");
        vm.prank(issuer);
        series.seal();
        vm.prank(adam);
        series.transfer(barb, 500);
        assertEq(series.balanceOf(barb), 8500, "units are ordinary units");
    }
}
