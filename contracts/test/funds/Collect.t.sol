// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {FundKit} from "./FundKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract CollectTest is FundKit {
    function setUp() public override {
        super.setUp();
        _contribute();
    }

    function _setPayout(uint16 payoutBp) private {
        vm.prank(manager);
        funds.setPayout(address(fund), payoutBp);
    }

    function test_BooksNothing() public {
        vm.recordLogs();
        assertEq(fund.collect(), 0, "amount");
        assertEq(vm.getRecordedLogs().length, 0, "logs");
    }

    function test_ClaimsFromAllSeries() public {
        _earn(vpp, 1001);
        _earn(parking, 400);
        vm.expectEmit(address(fund));
        emit IPoolFund.Collected(2026, 600, 0);
        vm.prank(mallory);
        assertEq(fund.collect(), 600, "500 and 100");
        assertEq(_books().distributable, 600, "distributable");
        assertEq(_books().income, 600, "income");
        assertEq(currency.balanceOf(address(fund)), 600, "owned");
    }

    function test_BooksWhatOthersHadPaid() public {
        _earn(vpp, 1000);
        vm.prank(keeper);
        vpp.claimFor(address(fund));
        _earn(parking, 400);
        assertEq(fund.collect(), 600, "both");
    }

    function test_BooksAGiftAsIncome() public {
        currency.mint(address(fund), 77);
        fund.collect();
        assertEq(_books().income, 77, "income");
        vm.warp(FEBRUARY + TO_PASS_DAY + 2 days);
        assertEq(fund.passThrough(), 77, "it is the holders'");
    }

    /// @dev 2⁶³ − 1 is the most a currency's supply may be; all three sums of the books are at it at once.
    function test_BooksTheLargestIncome() public {
        uint64 most = type(uint64).max >> 1;
        currency.mint(address(fund), most);
        assertEq(fund.collect(), most, "collected");
        vm.warp(FEBRUARY + TO_PASS_DAY);
        assertEq(fund.passThrough(), most, "passed on");
        assertEq(_books().income, most, "income");
        assertEq(_books().distributed, most, "distributed");
        assertEq(_books().distributable, 0, "nothing left");
        assertEq(currency.balanceOf(address(units)), most, "at the units");
    }

    function test_PassesOverASeriesThatDoesNotPay() public {
        _earn(vpp, 1000);
        _earn(parking, 400);
        series = vpp;
        _freeze(address(fund), true, true);
        vm.expectEmit(address(fund));
        emit IPoolFund.ClaimFailed(address(vpp));
        assertEq(fund.collect(), 100, "the freeze has not reached the other series");
        _freeze(address(fund), false, true);
        assertEq(fund.collect(), 500, "later");
    }

    function test_KeepsBackTheShareRoundedDown() public {
        _setPayout(9500);
        currency.mint(address(fund), 1019);
        vm.expectEmit(address(fund));
        emit IPoolFund.Collected(2026, 1019, 50);
        fund.collect();
        assertEq(_books().retained, 50, "50.95 downwards");
        assertEq(_books().distributable, 969, "the rest");
        currency.mint(address(fund), 1);
        fund.collect();
        assertEq(_books().retained, 51, "1 020 make 51");
        assertEq(_books().distributable, 969, "nothing of one");
    }

    function test_CatchesUpButKeepsNoMoreThanIsNew() public {
        currency.mint(address(fund), 1000);
        fund.collect();
        _setPayout(9000);
        currency.mint(address(fund), 20);
        fund.collect();
        assertEq(_books().retained, 20, "all of it, of 102");
        _setPayout(10_000);
        currency.mint(address(fund), 500);
        fund.collect();
        assertEq(_books().retained, 20, "nothing more");
        assertEq(_books().distributable, 1500, "distributable");
    }

    function testFuzz_KeepsBackNoMoreThanTheFloorLeaves(uint64[6] memory amounts, uint16[6] memory payouts) public {
        uint256 income = 0;
        for (uint256 i = 0; i < 6; ++i) {
            _setPayout(uint16(bound(payouts[i], FLOOR, 10_000)));
            amounts[i] = uint64(bound(amounts[i], 0, 1e12));
            currency.mint(address(fund), amounts[i]);
            income += amounts[i];
            fund.collect();
            IPoolFund.Books memory books = _books();
            assertLe(books.withheld, income * 1000 / 10_000, "not more than the floor leaves");
            assertGe(books.distributable * 10_000, income * FLOOR, "not less than the floor");
            assertEq(uint256(books.distributable) + books.retained, income, "to the unit");
        }
        // At the floor for the whole year it is exactly what the floor leaves.
        _setPayout(FLOOR);
        currency.mint(address(fund), income);
        fund.collect();
        assertEq(_books().withheld, 2 * income / 10, "all that the floor leaves");
    }

    function test_RevertWhen_SettingThePayoutIsNotTheManagers() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        funds.setPayout(address(fund), 9500);
    }

    function test_RevertWhen_ThePayoutIsOutOfBounds() public {
        uint16[2] memory bad = [uint16(8999), 10_001];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IPoolFund.InvalidPayout.selector, bad[i], FLOOR));
            _setPayout(bad[i]);
        }
        vm.expectEmit(address(fund));
        emit IPoolFund.PayoutSet(9000);
        _setPayout(9000);
    }
}
