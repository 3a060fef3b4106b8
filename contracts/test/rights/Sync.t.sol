// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";

contract SyncTest is RightsKit {
    function setUp() public override {
        super.setUp();
        _launch();
        _distribute(1, 10_003);
    }

    function test_AnyoneMayRefreshAWallet() public {
        IRevenueRight.Account memory before = series.accountOf(adam);
        _admit(adam, NEXT_YEAR + 1, SINGAPORE, RETAIL, NOW + 1 days);
        vm.expectEmit(address(series));
        emit IRevenueRight.Synced(adam, NEXT_YEAR + 1, SINGAPORE, uint8(RETAIL), false);
        vm.prank(mallory);
        series.sync(adam);
        IRevenueRight.Account memory account = series.accountOf(adam);
        assertEq(account.kycUntil, NEXT_YEAR + 1, "kycUntil");
        assertEq(account.country, SINGAPORE, "country");
        assertEq(account.class, uint8(RETAIL), "class");
        assertTrue(account.locked, "locked");
        assertEq(account.balance, before.balance, "balance");
        assertEq(account.debt, before.debt, "debt");
    }

    function test_FreezeIsPushed() public {
        _freeze(adam, true, true);
        assertTrue(series.accountOf(adam).frozen, "frozen");
        _freeze(adam, false, true);
        assertFalse(series.accountOf(adam).frozen, "released");
    }

    function test_KeepsANegativeDebt() public {
        vm.prank(adam);
        series.transfer(barb, 5000);
        assertTrue(series.accountOf(adam).debt < 0, "negative debt");
        IRevenueRight.Account memory before = series.accountOf(adam);
        _freeze(adam, true, true);
        assertEq(series.accountOf(adam).debt, before.debt, "debt kept");
        assertEq(series.claimable(adam), 5001, "claimable");
    }

    function test_UnchangedIsSilent() public {
        vm.recordLogs();
        series.sync(adam);
        assertEq(vm.getRecordedLogs().length, 0, "logs");
    }
}
