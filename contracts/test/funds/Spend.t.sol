// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {FundKit} from "./FundKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract SpendTest is FundKit {
    address internal lawyer = makeAddr("lawyer");

    function setUp() public override {
        super.setUp();
        _contribute();
        vm.startPrank(manager);
        funds.setPayout(address(fund), FLOOR);
        vm.stopPrank();
        _earn(vpp, 2000);
        fund.collect();
    }

    function _spend(uint64 amount) private {
        vm.prank(manager);
        funds.spend(address(fund), lawyer, amount, "voucher");
    }

    function test_RevertWhen_CallerIsNotTheManager() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        funds.spend(address(fund), issuer, 1, "voucher");
    }

    function test_RevertWhen_MoreThanIsRetained() public {
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.ExceedsRetained.selector, 101, 100));
        _spend(101);
    }

    function test_RevertWhen_TheYearIsOver() public {
        vm.warp(JANUARY_2027);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.YearOver.selector, 2026));
        _spend(1);
        vm.warp(JANUARY_2027 - 1);
        _spend(1);
    }

    function test_RevertWhen_ThePayeeCallsBack() public {
        odd.setCall(lawyer, abi.encodeCall(fund.collect, ()));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        _spend(1);
    }

    function test_PaysTheExpense() public {
        vm.expectEmit(address(fund));
        emit IPoolFund.ExpensePaid(2026, lawyer, 60, "voucher");
        _spend(60);
        assertEq(currency.balanceOf(lawyer), 60, "lawyer");
        assertEq(_books().retained, 40, "retained");
        assertEq(currency.balanceOf(address(fund)), 940, "owned");
    }

    function test_RevertWhen_ReleasingMoreThanIsRetained() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        funds.release(address(fund), 1);
        vm.expectRevert(abi.encodeWithSelector(IPoolFund.ExceedsRetained.selector, 101, 100));
        vm.prank(manager);
        funds.release(address(fund), 101);
    }

    function test_ReleasesWhatIsThenDistributed() public {
        vm.expectEmit(address(fund));
        emit IPoolFund.Released(2026, 30);
        vm.prank(manager);
        funds.release(address(fund), 30);
        vm.warp(FEBRUARY + TO_PASS_DAY + 2 days);
        assertEq(fund.passThrough(), 930, "distributed");
        assertEq(_books().retained, 70, "retained");
    }
}
