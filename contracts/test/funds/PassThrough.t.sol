// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PoolFund} from "../../src/funds/PoolFund.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesLifecycle} from "../../src/interfaces/ISeriesLifecycle.sol";
import {FundKit} from "./FundKit.sol";

contract PassThroughTest is FundKit {
    function setUp() public override {
        super.setUp();
        _contribute();
        _earn(vpp, 2000);
    }

    function _notDue(uint32 period, uint32 last) private {
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.NotDue.selector, period, last));
        fund.passThrough();
    }

    function test_RevertWhen_NoMonthHasEnded() public {
        vm.warp(FEBRUARY - 1);
        assertEq(fund.period(), 0, "none");
        _notDue(0, 0);
    }

    function test_RevertWhen_ThePaymentDayHasNotCome() public {
        vm.warp(FEBRUARY + TO_PASS_DAY - 1);
        assertEq(fund.period(), 1, "January");
        _notDue(1, 0);
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
    }

    function test_RevertWhen_PassedOnBefore() public {
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
        _earn(vpp, 2000);
        vm.warp(MARCH - 1);
        _notDue(1, 1);
        vm.warp(MARCH + TO_PASS_DAY);
        assertEq(fund.passThrough(), 1000, "a month later");
    }

    function test_RevertWhen_TheYearIsOver() public {
        vm.warp(JANUARY_2027 + TO_PASS_DAY);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.YearOver.selector, 2026));
        fund.passThrough();
    }

    function test_LeavesTheMonthOpenForNothing() public {
        fund.collect();
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
        vm.warp(MARCH + TO_PASS_DAY);
        assertEq(fund.passThrough(), 0, "nothing");
        assertEq(_books().lastPeriod, 1, "open");
        _earn(parking, 4000);
        assertEq(fund.passThrough(), 1000, "later that month");
    }

    function test_AGiftOfOneUnitDoesNotDelayTheMonth() public {
        vm.warp(FEBRUARY + TO_PASS_DAY);
        assertEq(fund.passThrough(), 1000, "January");
        vm.warp(MARCH + TO_PASS_DAY);
        currency.mint(address(fund), 1);
        vm.prank(mallory);
        assertEq(fund.passThrough(), 0, "left open");
        assertEq(_books().lastPeriod, 1, "for what comes");
        _earn(vpp, 10_000);
        assertEq(fund.passThrough(), 5001, "with the month's income");
    }

    function test_PassesOnLittleAfterTwoDays() public {
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
        _earn(vpp, 1998);
        vm.warp(MARCH + TO_PASS_DAY + 2 days - 1);
        assertEq(fund.passThrough(), 0, "less than one for each unit");
        vm.warp(MARCH + TO_PASS_DAY + 2 days);
        assertEq(fund.passThrough(), 999, "then anything");
    }

    function test_DistributesToAllUnits() public {
        _earn(parking, 400);
        vm.warp(FEBRUARY + TO_PASS_DAY);
        vm.expectEmit(address(fund));
        emit IPoolFund.PassedThrough(2026, 1, 1100);
        vm.prank(mallory);
        assertEq(fund.passThrough(), 1100, "amount");
        assertEq(units.claimable(barb), 660, "barb");
        assertEq(units.claimable(carl), 440, "carl");
        assertEq(currency.balanceOf(address(fund)), 0, "nothing stays");
        assertEq(_books().distributed, 1100, "of the year");
        assertEq(units.state().lastPeriod, 1, "period");
    }

    function test_CountsMonthsThatWereLeftOut() public {
        vm.warp(MARCH + TO_PASS_DAY);
        fund.passThrough();
        assertEq(units.state().lastPeriod, 2, "February, with January's income");
    }

    function test_SellersKeepWhatWasPassedOn() public {
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
        vm.prank(barb);
        units.transfer(carl, 600);
        assertEq(units.claimable(barb), 600, "barb keeps January");
        _earn(vpp, 2000);
        vm.warp(MARCH + TO_PASS_DAY);
        fund.passThrough();
        assertEq(units.claimable(barb), 600, "and has no February");
        assertEq(units.claimable(carl), 1400, "carl has it all");
    }

    function test_PassesThroughAFundOfFunds() public {
        (PoolFund parent, ISeries top) = _openFund(2, "PARENT");
        _admitTo(parent, units);
        vm.prank(barb);
        units.transfer(address(parent), 600);
        vm.warp(FEBRUARY + TO_PASS_DAY);
        fund.passThrough();
        vm.warp(FEBRUARY + TO_PASS_DAY + 2 days);
        assertEq(parent.passThrough(), 600, "in the same month");
        assertEq(top.claimable(barb), 360, "barb");
        assertEq(top.claimable(carl), 240, "carl");
    }

    function test_UnitsCloseOnceNoMonthIsLeft() public {
        // The units' term is 120 months; the last of them can be passed on during the month after it.
        vm.warp(FEBRUARY + 3653 days - 31 days);
        assertEq(funds.fundOf(address(units)), address(fund), "fund");
        vm.prank(address(units));
        assertEq(funds.settledThrough(0), 119, "the last month is still open");
        vm.expectRevert(abi.encodeWithSelector(ISeriesLifecycle.TermNotOver.selector, 119, 120));
        units.close();
        vm.warp(FEBRUARY + 3653 days);
        units.close();
        assertTrue(units.state().closed, "closed");
        assertEq(units.redeem(barb), 0, "redeemed");
    }

    function test_RedemptionOfAHoldingIsIncome() public {
        IRevenueRight.Terms memory short = _terms();
        (short.symbol, short.termTo, short.minTicket) = ("SHORT", 1, 0);
        ISeries right = _create(short);
        series = right;
        _issue(address(fund), 100);
        vm.prank(issuer);
        right.seal();
        _admitTo(fund, right);
        _earn(right, 777);
        right.close();
        right.redeem(address(fund));
        assertEq(right.balanceOf(address(fund)), 0, "burnt");
        assertEq(fund.collect(), 1777, "with the income of the other");
        vm.prank(manager);
        funds.dismiss(address(fund), address(right));
    }
}
