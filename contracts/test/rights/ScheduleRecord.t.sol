// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesRecords} from "../../src/interfaces/ISeriesRecords.sol";
import {RightsKit} from "./RightsKit.sol";

contract ScheduleRecordTest is RightsKit {
    function setUp() public override {
        super.setUp();
        _launch();
    }

    /* ANNOUNCING */

    function test_AnnouncesARecordDate() public {
        vm.expectEmit(address(series));
        emit ISeriesRecords.RecordScheduled(1, NOW + 10);
        _schedule(1, NOW + 10);
        assertEq(series.state().recordPeriod, 1, "period");
        assertEq(series.state().recordAt, NOW + 10, "time");
        assertEq(series.outstandingRecords().length, 0, "not passed");
    }

    function test_MovesOrReplacesItWhileItLiesAhead() public {
        _schedule(1, NOW + 10);
        _schedule(1, NOW + 5);
        assertEq(series.state().recordAt, NOW + 5, "moved");
        vm.expectEmit(address(series));
        emit ISeriesRecords.RecordScheduled(1, 0);
        vm.expectEmit(address(series));
        emit ISeriesRecords.RecordScheduled(2, NOW + 20);
        _schedule(2, NOW + 20);
        assertEq(series.state().prevRecord, 0, "the withdrawn one never was");
    }

    function test_RevertWhen_RecordDateIsNotAhead() public {
        _refuses(1, NOW, abi.encodeWithSelector(ISeriesRecords.RecordInThePast.selector, NOW));
    }

    function test_RevertWhen_PeriodIsPaidPassedOrOutOfTerm() public {
        _refuses(0, NOW + 1, _outOfTerm(0, 1));
        _refuses(121, NOW + 1, _outOfTerm(121, 1));
        _distribute(3, 1);
        _refuses(3, NOW + 1, _outOfTerm(3, 4));
        _schedule(5, NOW + 1);
        vm.warp(NOW + 1);
        _refuses(5, NOW + 2, _outOfTerm(5, 6));
        _schedule(120, NOW + 2);
    }

    function test_RevertWhen_FiveWaitForTheirMoney() public {
        for (uint32 period = 1; period <= 5; ++period) {
            _schedule(period, NOW + period);
            vm.warp(NOW + period);
        }
        assertEq(series.outstandingRecords().length, 5, "outstanding");
        _refuses(6, NOW + 6, abi.encodeWithSelector(ISeriesRecords.TooManyOpenRecords.selector));
        _distribute(1, 1);
        _schedule(6, NOW + 6);
        vm.warp(NOW + 6);
        assertEq(series.outstandingRecords().length, 5, "the oldest was paid");
        assertEq(series.outstandingRecords()[0], 2, "oldest first");
        assertEq(series.outstandingRecords()[4], 6, "newest last");
    }

    function test_RevertWhen_NotSealedOrClosed() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 1;
        series = _create(terms);
        _refuses(1, NOW + 1, abi.encodeWithSelector(IRevenueRight.NotSealed.selector));
    }

    function test_RevertWhen_CallerIsNotTheIssuer() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueRight.NotAuthorized.selector, mallory, ISeriesRecords.scheduleRecord.selector
            )
        );
        vm.prank(mallory);
        series.scheduleRecord(1, NOW + 1);
    }

    /* WHO EARNS */

    function test_SellerAfterTheRecordDateEarnsThePeriod() public {
        _schedule(1, NOW + 10);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 5000);
        assertEq(series.unitsAt(adam, 1), 5000, "units at the record date");
        _distribute(1, 10_000);
        assertEq(series.claimable(adam), 5000, "adam");
        assertEq(series.claimable(barb), 3000, "barb");
        _distribute(2, 10_000);
        assertEq(series.claimable(adam), 5000, "adam sold before 2");
        assertEq(series.claimable(barb), 11_000, "barb");
    }

    function test_BuyerASecondBeforeTheRecordDateEarnsIt() public {
        _schedule(1, NOW + 10);
        vm.warp(NOW + 9);
        _transfer(adam, barb, 5000);
        vm.warp(NOW + 10);
        _distribute(1, 10_000);
        assertEq(series.claimable(adam), 0, "adam");
        assertEq(series.claimable(barb), 8000, "barb");
    }

    function test_WithoutARecordDateTheHoldersAtSettlementEarn() public {
        _transfer(adam, barb, 5000);
        _distribute(1, 10_000);
        assertEq(series.claimable(barb), 8000, "barb");
    }

    function test_MoneyBeforeTheRecordDateIsForTheHoldersAtSettlement() public {
        _schedule(1, NOW + 10);
        _distribute(1, 10_000);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 5000);
        _distribute(2, 10_000);
        assertEq(series.claimable(adam), 5000, "adam earned 1");
        assertEq(series.claimable(barb), 11_000, "barb earned 2 on all");
    }

    function test_ARecordDateClosesEarlierPeriodsToo() public {
        _schedule(3, NOW + 10);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 5000);
        assertEq(series.unitsAt(adam, 2), 5000, "2 closed with 3");
        _distribute(2, 10_000);
        _distribute(3, 10_000);
        assertEq(series.claimable(adam), 10_000, "adam");
    }

    function test_ASkippedPeriodEarnsNothingForAnybody() public {
        _schedule(1, NOW + 10);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 5000);
        _distribute(2, 10_000);
        assertEq(series.claimable(adam), 0, "adam sold before 2");
        assertEq(series.claimable(barb), 8000, "barb");
        assertEq(series.accountOf(adam).mark, 1, "settled at the next touch");
        _transfer(barb, adam, 100);
        assertEq(series.accountOf(adam).mark, 0, "settled");
        assertEq(series.claimable(adam), 0, "still nothing");
    }

    function test_ClaimsGoOnWhileMoneyIsAwaited() public {
        _distribute(1, 10_000);
        _schedule(2, NOW + 10);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 4000);
        assertEq(series.claimFor(adam), 5000, "past income");
        _distribute(2, 10_000);
        assertEq(series.claimFor(adam), 5000, "record income");
        _distribute(3, 10_000);
        assertEq(series.claimFor(adam), 1000, "what is left");
        assertEq(series.accountOf(adam).mark, 0, "settled");
    }

    function test_FiveWindowsWithSalesInEach() public {
        for (uint32 period = 1; period <= 5; ++period) {
            _schedule(period, NOW + period);
            vm.warp(NOW + period);
            _transfer(adam, barb, 500);
        }
        for (uint32 period = 1; period <= 5; ++period) {
            assertEq(series.unitsAt(adam, period), 5500 - 500 * period, "adam");
            assertEq(series.unitsAt(barb, period), 2500 + 500 * period, "barb");
        }
        assertTrue(series.accountOf(adam).extra, "a second word");
        for (uint32 period = 1; period <= 5; ++period) {
            _distribute(period, 10_000);
        }
        assertEq(series.claimFor(adam), 5000 + 4500 + 4000 + 3500 + 3000, "adam");
        assertEq(series.claimFor(barb), 3000 + 3500 + 4000 + 4500 + 5000, "barb");
        assertFalse(series.accountOf(adam).extra, "given back");
    }

    function test_WindowsWithoutSalesNeedNoSecondWord() public {
        for (uint32 period = 1; period <= 4; ++period) {
            _schedule(period, NOW + period);
            vm.warp(NOW + period);
        }
        _transfer(adam, barb, 500);
        assertFalse(series.accountOf(adam).extra, "one mark says it all");
        for (uint32 period = 1; period <= 4; ++period) {
            assertEq(series.unitsAt(adam, period), 5000, "units");
        }
    }

    function test_RevertWhen_UnitsAtIsAskedForAnotherPeriod() public {
        _schedule(2, NOW + 10);
        _unknownAt(2);
        vm.warp(NOW + 10);
        assertEq(series.unitsAt(adam, 2), 5000, "passed");
        _unknownAt(3);
        _distribute(2, 1);
        _unknownAt(2);
    }

    function _unknownAt(uint32 period) private {
        vm.expectRevert(abi.encodeWithSelector(ISeriesRecords.NotOutstanding.selector, period));
        series.unitsAt(adam, period);
    }

    function _schedule(uint32 period, uint40 moment) private {
        vm.prank(issuer);
        series.scheduleRecord(period, moment);
    }

    function _transfer(address from, address to, uint256 units) private {
        vm.prank(from);
        series.transfer(to, units);
    }

    function _outOfTerm(uint32 period, uint32 earliest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueRight.PeriodOutOfTerm.selector, period, earliest, 120);
    }

    function _refuses(uint32 period, uint40 moment, bytes memory refusal) private {
        vm.expectRevert(refusal);
        _schedule(period, moment);
    }
}
