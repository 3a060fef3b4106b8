// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {Payment} from "../../src/libraries/Payment.sol";
import {Currency} from "./Currency.sol";
import {OddCurrency} from "./OddCurrency.sol";
import {RightsKit} from "./RightsKit.sol";

contract PushTest is RightsKit {
    OddCurrency internal odd;
    address[] internal page;

    function setUp() public override {
        super.setUp();
        _launch();
        _distribute(1, 10_000);
        page = [adam, barb, carl];
    }

    function _newCurrency() internal override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    function test_PaysEachHolder() public {
        vm.expectEmit(address(series));
        emit IRevenueRight.FundsWithdrawn(carl, 2000);
        vm.prank(keeper);
        assertEq(series.push(page), 3, "paid");
        assertEq(currency.balanceOf(adam), 5000, "adam");
        assertEq(currency.balanceOf(barb), 3000, "barb");
        assertEq(currency.balanceOf(carl), 2000, "carl");
        assertEq(currency.balanceOf(address(series)), 0, "vault");
    }

    function test_IsResumable() public {
        series.claimFor(barb);
        page = [adam, adam, mallory, barb];
        assertEq(series.push(page), 1, "first");
        assertEq(series.push(page), 0, "again");
        assertEq(currency.balanceOf(adam), 5000, "adam");
    }

    function test_NothingClaimableIsSilent() public {
        series.push(page);
        vm.recordLogs();
        series.push(page);
        assertEq(vm.getRecordedLogs().length, 0, "logs");
    }

    function test_EmptyPage() public {
        assertEq(series.push(new address[](0)), 0, "paid");
    }

    function test_SkipsTheFrozen() public {
        _freeze(barb, true, true);
        _skips(barb, 3000, IRevenueRight.Refusal.RecipientFrozen);
        _freeze(barb, false, false);
        assertEq(series.push(page), 1, "released");
        assertEq(currency.balanceOf(barb), 3000, "barb");
    }

    function test_SkipsTheExpired() public {
        _admit(adam, NEXT_YEAR + 365, CHINA, PROFESSIONAL, 0);
        _admit(carl, NEXT_YEAR + 365, CHINA, PROFESSIONAL, 0);
        vm.warp(NOW + 366 days);
        _skips(barb, 3000, IRevenueRight.Refusal.RecipientExpired);
        _admit(barb, NEXT_YEAR + 365, CHINA, PROFESSIONAL, 0);
        assertEq(series.push(page), 1, "renewed");
    }

    function test_SurvivesOnePayeeTheCurrencyRefuses() public {
        odd.setMood(barb, OddCurrency.Mood.Reverts);
        _skips(barb, 3000, IRevenueRight.Refusal.PaymentRejected);
    }

    function test_SurvivesACurrencyThatSaysFalse() public {
        odd.setMood(barb, OddCurrency.Mood.SaysFalse);
        _skips(barb, 3000, IRevenueRight.Refusal.PaymentRejected);
    }

    function test_SurvivesAPayeeWhoBurnsGas() public {
        odd.setMood(barb, OddCurrency.Mood.BurnsGas);
        uint256 before = gasleft();
        _skips(barb, 3000, IRevenueRight.Refusal.PaymentRejected);
        assertLe(before - gasleft(), 400_000, "bounded");
    }

    function test_SurvivesALongAnswer() public {
        odd.setMood(barb, OddCurrency.Mood.SaysTooMuch);
        assertEq(series.push(page), 3, "paid");
    }

    function test_CallingBackGetsNothingMore() public {
        odd.setCall(barb, abi.encodeCall(series.claimFor, (carl)));
        assertEq(series.push(page), 2, "nothing is left for Carl at his turn");
        assertEq(currency.balanceOf(adam), 5000, "adam");
        assertEq(currency.balanceOf(barb), 3000, "barb");
        assertEq(currency.balanceOf(carl), 2000, "carl");
    }

    function test_CallingBackForOneselfGetsNothingMore() public {
        odd.setCall(barb, abi.encodeCall(series.claimFor, (barb)));
        assertEq(series.push(page), 3, "paid");
        assertEq(currency.balanceOf(barb), 3000, "barb");
    }

    /// @dev Too little gas must not look like a payee's refusal.
    function test_RevertWhen_GasIsTooLow() public {
        bytes memory call = abi.encodeCall(series.push, (page));
        (bool done, bytes memory answer) = address(series).call{gas: 110_000}(call);
        assertFalse(done, "done");
        assertEq(bytes4(answer), Payment.GasTooLow.selector, "reason");
        assertEq(series.claimable(adam), 5000, "nothing changed");
    }

    /// @dev Whatever gas the caller gives, a holder in order is either paid or the whole page fails.
    function testFuzz_GasNeverMakesAGoodPaymentFail(uint256 gas) public {
        gas = bound(gas, 30_000, 600_000);
        (bool done, bytes memory answer) = address(series).call{gas: gas}(abi.encodeCall(series.push, (page)));
        if (done) assertEq(abi.decode(answer, (uint256)), 3, "all");
        assertEq(series.claimable(adam), done ? 0 : 5000, "adam");
    }

    function _skips(address holder, uint64 amount, IRevenueRight.Refusal reason) private {
        vm.expectEmit(address(series));
        emit IRevenueRight.PaymentSkipped(holder, amount, reason);
        assertEq(series.push(page), 2, "paid");
        assertEq(series.claimable(holder), amount, "stays claimable");
        assertEq(currency.balanceOf(adam) + currency.balanceOf(carl), 7000, "the others");
        assertEq(currency.balanceOf(address(series)), amount, "vault");
    }
}
