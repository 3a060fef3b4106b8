// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {FundKit} from "./FundKit.sol";

contract CloseYearTest is FundKit {
    uint40 internal constant CLOSING = JANUARY_2027 + TO_PASS_DAY;

    function setUp() public override {
        super.setUp();
        _contribute();
        vm.prank(manager);
        funds.setPayout(address(fund), FLOOR);
        _earn(vpp, 2022);
        fund.collect();
    }

    function _notOver(uint16 year) private {
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.YearNotOver.selector, year));
        fund.closeYear();
    }

    function test_RevertWhen_TheYearIsNotOver() public {
        vm.warp(JANUARY_2027 - 1);
        _notOver(2026);
    }

    function test_RevertWhen_ThePaymentDayHasNotCome() public {
        vm.warp(CLOSING - 1);
        _notOver(2026);
    }

    function test_RevertWhen_ClosedBefore() public {
        vm.warp(CLOSING);
        fund.closeYear();
        _notOver(2027);
    }

    function test_DistributesAtLeastTheFloorsShare() public {
        vm.warp(CLOSING);
        vm.expectEmit(address(fund));
        emit IPoolFund.PassedThrough(2026, 12, 910);
        vm.expectEmit(address(fund));
        emit IPoolFund.YearClosed(2026, 1011, 101, 910);
        vm.prank(mallory);
        assertEq(fund.closeYear(), 910, "909.9 upwards");
        assertEq(units.claimable(barb), 546, "barb");
        assertEq(_books().retained, 101, "retained");
        assertEq(currency.balanceOf(address(fund)), 101, "owned");
    }

    function test_CountsLateIncomeToTheYear() public {
        vm.warp(CLOSING);
        _earn(vpp, 2000);
        vm.expectEmit(address(fund));
        emit IPoolFund.YearClosed(2026, 2011, 201, 1810);
        fund.closeYear();
        assertEq(_books().income, 0, "the next year has none yet");
    }

    function test_ClosesWithNothingLeft() public {
        vm.warp(FEBRUARY + TO_PASS_DAY + 2 days);
        fund.passThrough();
        vm.warp(CLOSING);
        vm.expectEmit(address(fund));
        emit IPoolFund.YearClosed(2026, 1011, 101, 910);
        assertEq(fund.closeYear(), 0, "nothing");
        assertEq(units.state().lastPeriod, 1, "no empty distribution");
    }

    function test_GoesOnWithThePresentYear() public {
        vm.warp(CLOSING + 1010 days);
        fund.closeYear();
        assertEq(_books().year, 2029, "year");
        assertEq(_books().lastPeriod, units.state().lastPeriod, "period");
    }

    function test_LetsTheNextYearBegin() public {
        vm.warp(CLOSING);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.YearOver.selector, 2026));
        vm.prank(manager);
        funds.spend(address(fund), mallory, 1, "voucher");
        fund.closeYear();
        vm.prank(manager);
        funds.spend(address(fund), mallory, 1, "voucher");
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.NotDue.selector, 12, 12));
        fund.passThrough();
        _earn(vpp, 2000);
        vm.warp(CLOSING + 33 days);
        assertEq(fund.passThrough(), 900, "January");
        assertEq(_books().year, 2027, "year");
        assertEq(_books().withheld, 100, "of this year alone");
    }
}
