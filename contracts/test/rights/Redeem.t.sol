// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesLifecycle} from "../../src/interfaces/ISeriesLifecycle.sol";
import {ISeriesSnapshots} from "../../src/interfaces/ISeriesSnapshots.sol";
import {Currency} from "./Currency.sol";
import {MovesExtension} from "./MovesExtension.sol";
import {OddCurrency} from "./OddCurrency.sol";
import {RightsKit} from "./RightsKit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract RedeemTest is RightsKit {
    OddCurrency internal odd;

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        (terms.termTo, terms.tail) = (3, 2);
        _launch(terms);
        _distribute(1, 10_007);
    }

    function _newCurrency() internal override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    function _newExtension(address money, address source) internal override returns (address) {
        return address(new MovesExtension(address(authority), address(registry), money, source));
    }

    /* CLOSING */

    function test_ClosesAfterTheLastPayablePeriod() public {
        _distribute(5, 10_000);
        vm.expectEmit(address(series));
        emit ISeriesLifecycle.Closed(20_007, 10_000);
        vm.prank(mallory);
        series.close();
        assertTrue(series.state().closed, "closed");
    }

    function test_ClosesWhereTheLastPeriodWasSettledWithoutMoney() public {
        _settledThrough(5);
        series.close();
        assertTrue(series.state().closed, "closed");
        assertEq(series.state().lastPeriod, 5, "nothing can come any more");
    }

    function test_RevertWhen_TheTermIsNotOver() public {
        _settledThrough(4);
        vm.expectRevert(abi.encodeWithSelector(ISeriesLifecycle.TermNotOver.selector, 4, 5));
        series.close();
    }

    function test_RevertWhen_ClosedAlreadyOrNeverSealed() public {
        _close();
        vm.expectRevert(IRevenueRight.SeriesIsClosed.selector);
        series.close();
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 2;
        series = _create(terms);
        vm.expectRevert(IRevenueRight.NotSealed.selector);
        series.close();
    }

    function test_AClosedSeriesTakesNoMoneyAndMovesNoUnits() public {
        _close();
        vm.expectRevert(IRevenueRight.SeriesIsClosed.selector);
        vm.prank(waterfall);
        series.distribute(5, 1);
        (IRevenueRight.Refusal reason,) = series.checkTransfer(adam, barb, 100);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.SeriesClosed), "transfer");
    }

    function test_ClosingEndsAnOutstandingRecordDate() public {
        vm.prank(issuer);
        series.scheduleRecord(4, NOW + 1);
        vm.warp(NOW + 1);
        vm.prank(adam);
        series.transfer(barb, 5000);
        _close();
        assertEq(series.outstandingRecords().length, 0, "none");
        assertEq(series.redeem(barb), 3002, "past income");
        assertEq(series.claimFor(adam), 5003, "stays with the seller");
    }

    /* REDEEMING */

    function test_PaysWhatIsLeftAndBurnsTheUnits() public {
        _close();
        vm.expectEmit(address(series));
        emit IRevenueRight.FundsWithdrawn(adam, 5003);
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, address(0), 5000);
        vm.expectEmit(address(series));
        emit ISeriesLifecycle.Redeemed(adam, 5000, 5003);
        vm.prank(mallory);
        assertEq(series.redeem(adam), 5003, "paid");
        assertEq(currency.balanceOf(adam), 5003, "received");
        assertEq(series.balanceOf(adam), 0, "units");
        assertEq(series.totalSupply(), 5000, "outstanding");
    }

    function test_TakesNothingFromTheOthers() public {
        _close();
        series.redeem(adam);
        assertEq(series.claimable(barb), 3002, "barb");
        assertEq(series.redeem(barb), 3002, "barb redeemed");
        assertEq(series.redeem(carl), 2001, "carl");
        assertEq(series.totalSupply(), 0, "all redeemed");
        assertEq(series.state().supply, 10_000, "the divisor stays");
        assertEq(currency.balanceOf(address(series)), 1, "dust");
    }

    function test_AfterAClaimNothingIsPaidButUnitsAreBurned() public {
        _close();
        series.claimFor(adam);
        assertEq(series.redeem(adam), 0, "paid");
        assertEq(series.balanceOf(adam), 0, "units");
    }

    function test_RevertWhen_RedeemedTwice() public {
        _close();
        series.redeem(adam);
        vm.expectRevert(abi.encodeWithSelector(ISeriesLifecycle.NothingToRedeem.selector, adam));
        series.redeem(adam);
        vm.expectRevert(abi.encodeWithSelector(ISeriesLifecycle.NothingToRedeem.selector, mallory));
        series.redeem(mallory);
    }

    function test_RevertWhen_NotClosed() public {
        vm.expectRevert(ISeriesLifecycle.NotClosed.selector);
        series.redeem(adam);
    }

    function test_LeavesTheFrozenAsTheyAre() public {
        _close();
        _freeze(adam, true, true);
        _withholds(IRevenueRight.Refusal.RecipientFrozen);
        _freeze(adam, false, false);
        assertEq(series.redeem(adam), 5003, "released");
    }

    function test_LeavesTheExpiredAsTheyAreEvenIfNothingIsDue() public {
        _close();
        series.claimFor(adam);
        vm.warp(NOW + 366 days);
        _withholds(IRevenueRight.Refusal.RecipientExpired);
        assertEq(series.balanceOf(adam), 5000, "units");
    }

    function test_LeavesUnitsHeldByAnOrder() public {
        _close();
        MovesExtension(address(series)).freezeUnits(adam, 1);
        _withholds(IRevenueRight.Refusal.UnitsFrozen);
        assertEq(series.claimFor(adam), 5003, "money is not held");
        MovesExtension(address(series)).freezeUnits(adam, 0);
        series.redeem(adam);
    }

    function test_RevertWhen_TheCurrencyRefuses() public {
        _close();
        odd.setMood(adam, OddCurrency.Mood.Reverts);
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.PaymentRejected.selector, adam, 5003));
        series.redeem(adam);
        assertEq(series.balanceOf(adam), 5000, "units");
    }

    function test_CallingBackRedeemsOnce() public {
        _close();
        odd.setCall(adam, abi.encodeCall(series.redeem, (adam)));
        (bool made,) = address(series).call(abi.encodeCall(series.redeem, (adam)));
        assertLe(series.totalSupply(), 10_000, "never below what is held");
        assertEq(series.balanceOf(adam) + series.balanceOf(barb) + series.balanceOf(carl), series.totalSupply(), "sum");
        if (made) assertEq(currency.balanceOf(adam), 5003, "paid once");
    }

    function test_RedeemedUnitsStayInAnOpenSnapshot() public {
        allow(address(factory), ISeriesSnapshots.openSnapshot.selector, Roles.VOTING);
        vm.prank(admin);
        authority.grantRole(Roles.VOTING, mallory, 0);
        vm.prank(mallory);
        uint32 id = series.openSnapshot(NOW + 1 days);
        _close();
        series.redeem(adam);
        assertEq(series.balanceOf(adam), 0, "redeemed");
        assertEq(series.balanceAt(adam, id), 5000, "held when the vote was called");
        (,, uint256 supply) = series.snapshotOf(id);
        assertEq(supply, 10_000, "supply of the vote");
    }

    function test_UnclaimedMoneyWaitsForEver() public {
        _close();
        vm.warp(NOW + 36_500 days);
        _admit(adam, type(uint16).max, CHINA, PROFESSIONAL, 0);
        assertEq(series.claimFor(adam), 5003, "a century later");
    }

    function _close() private {
        _settledThrough(5);
        series.close();
    }

    function _settledThrough(uint32 period) private {
        bytes memory question = abi.encodeCall(IIncomeSource.settledThrough, (STREAM));
        vm.mockCall(waterfall, question, abi.encode(period));
    }

    function _withholds(IRevenueRight.Refusal reason) private {
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.PaymentWithheld.selector, adam, reason));
        series.redeem(adam);
    }
}
