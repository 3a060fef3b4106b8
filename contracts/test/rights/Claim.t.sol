// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {Currency} from "./Currency.sol";
import {OddCurrency} from "./OddCurrency.sol";
import {RightsKit} from "./RightsKit.sol";

contract ClaimTest is RightsKit {
    OddCurrency internal odd;

    function setUp() public override {
        super.setUp();
        _launch();
        _distribute(1, 10_007);
    }

    function _newCurrency() internal override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    /* WHEN THE HOLDER IS IN ORDER */

    function test_PaysWhatClaimableSaid() public {
        vm.expectEmit(address(series));
        emit IRevenueRight.FundsWithdrawn(adam, 5003);
        vm.prank(adam);
        assertEq(series.claim(), 5003, "returned");
        assertEq(currency.balanceOf(adam), 5003, "received");
        assertEq(series.claimable(adam), 0, "claimable");
    }

    function test_ForAnyoneButOnlyToTheHolder() public {
        vm.prank(mallory);
        assertEq(series.claimFor(barb), 3002, "returned");
        assertEq(currency.balanceOf(barb), 3002, "barb");
        assertEq(currency.balanceOf(mallory), 0, "mallory");
    }

    function test_KeepsTheFraction() public {
        series.claimFor(adam);
        // Adam was owed 5 003.5: with half of one more unit he gets one.
        _distribute(2, 1);
        assertEq(series.claimable(adam), 1, "claimable");
    }

    function test_OnceIsOnce() public {
        series.claimFor(adam);
        assertEq(series.claimFor(adam), 0, "again");
        assertEq(currency.balanceOf(adam), 5003, "received");
    }

    function test_OfNothingIsQuiet() public {
        vm.recordLogs();
        vm.prank(mallory);
        assertEq(series.claim(), 0, "stranger");
        assertEq(vm.getRecordedLogs().length, 0, "logs");
    }

    function test_AfterSellingEverything() public {
        vm.startPrank(adam);
        series.transfer(barb, 5000);
        assertEq(series.claim(), 5003, "past income");
        vm.stopPrank();
        _distribute(2, 1_000_000);
        assertEq(series.claimable(adam), 0, "no later income");
        assertTrue(series.accountOf(adam).debt < 0, "a fraction stays");
    }

    function test_SeveralPeriodsAtOnce() public {
        _distribute(2, 100);
        _distribute(5, 200);
        assertEq(series.claimFor(carl), 2061, "three periods");
    }

    function test_GasDoesNotGrowWithDistributions() public {
        uint256 spent = _gasOfClaim(adam);
        for (uint32 period = 2; period <= 40; ++period) {
            _distribute(period, 1000);
        }
        assertLe(_gasOfClaim(barb), spent, "gas");
    }

    function test_DonationsBelongToNobody() public {
        currency.mint(address(series), 1_000_000);
        assertEq(series.claimable(adam), 5003, "claimable");
    }

    /* WHEN IT IS WITHHELD */

    function test_RevertWhen_Frozen() public {
        _freeze(adam, true, true);
        vm.expectRevert(_withheld(adam, IRevenueRight.Refusal.RecipientFrozen));
        vm.prank(adam);
        series.claim();
        vm.expectRevert(_withheld(adam, IRevenueRight.Refusal.RecipientFrozen));
        series.claimFor(adam);
        _distribute(2, 10_000);
        _freeze(adam, false, false);
        assertEq(series.claimFor(adam), 10_003, "earned while frozen, paid once released");
        assertFalse(series.accountOf(adam).frozen, "refreshed");
    }

    function test_RevertWhen_CheckExpired() public {
        vm.warp(NOW + 366 days);
        vm.expectRevert(_withheld(adam, IRevenueRight.Refusal.RecipientExpired));
        series.claimFor(adam);
        _admit(adam, NEXT_YEAR + 1, CHINA, PROFESSIONAL, 0);
        assertEq(series.claimFor(adam), 5003, "renewed");
    }

    function test_CountryAndClassDoNotMatter() public {
        _admit(adam, NEXT_YEAR, 840, RETAIL, NOW + 1 days);
        series.sync(adam);
        assertEq(series.claimFor(adam), 5003, "paid");
    }

    /* WHEN THE CURRENCY IS ODD */

    function test_RevertWhen_CurrencyRefuses() public {
        _refuses(OddCurrency.Mood.Reverts);
        _refuses(OddCurrency.Mood.SaysFalse);
        _refuses(OddCurrency.Mood.SaysTwo);
        odd.setMood(adam, OddCurrency.Mood.Fine);
        assertEq(series.claimFor(adam), 5003, "nothing was lost");
    }

    function test_CurrencyMaySayNothingOrTooMuch() public {
        odd.setMood(adam, OddCurrency.Mood.SaysNothing);
        odd.setMood(barb, OddCurrency.Mood.SaysTooMuch);
        assertEq(series.claimFor(adam), 5003, "nothing");
        assertEq(series.claimFor(barb), 3002, "too much");
        assertEq(currency.balanceOf(adam) + currency.balanceOf(barb), 8005, "received");
    }

    function test_CallingBackGetsNothingMore() public {
        odd.setCall(adam, abi.encodeCall(series.claimFor, (adam)));
        assertEq(series.claimFor(adam), 5003, "claimed");
        assertEq(currency.balanceOf(adam), 5003, "received");
        _distribute(2, 10_000);
        odd.setCall(adam, abi.encodeCall(series.claimFor, (barb)));
        series.claimFor(adam);
        assertEq(currency.balanceOf(adam), 10_003, "adam");
        assertEq(currency.balanceOf(barb), 6002, "barb, through adam's call");
        assertEq(series.claimable(carl), 4001, "carl");
    }

    function test_RevertWhen_CurrencyIsNoContract() public {
        vm.etch(address(currency), "");
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.PaymentRejected.selector, adam, 5003));
        series.claimFor(adam);
    }

    function _refuses(OddCurrency.Mood mood) private {
        odd.setMood(adam, mood);
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.PaymentRejected.selector, adam, 5003));
        series.claimFor(adam);
    }

    function _withheld(address holder, IRevenueRight.Refusal reason) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueRight.PaymentWithheld.selector, holder, reason);
    }

    function _gasOfClaim(address holder) private returns (uint256) {
        address[] memory touched = new address[](2);
        (touched[0], touched[1]) = (address(currency), address(implementation));
        return transactionGas(holder, address(series), abi.encodeCall(series.claim, ()), touched);
    }
}
