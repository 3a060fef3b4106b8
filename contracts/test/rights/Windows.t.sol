// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";

contract WindowsTest is RightsKit {
    uint32 internal constant EVERY = 91 days;
    uint32 internal constant LENGTH = 14 days;
    uint40 internal constant LOCK = NOW + 30 days;

    function setUp() public override {
        super.setUp();
        IRevenueRight.Terms memory terms = _terms();
        (terms.windowEvery, terms.windowLength, terms.lockedUntil) = (EVERY, LENGTH, LOCK);
        _launch(terms);
        for (uint256 i = 0; i < 3; ++i) {
            _admit([adam, barb, carl][i], type(uint16).max, CHINA, PROFESSIONAL, 0);
            series.sync([adam, barb, carl][i]);
        }
    }

    function test_TheFirstOpensWhenTheLockUpEnds() public {
        _expect(IRevenueRight.Refusal.SeriesLocked, LOCK);
        vm.warp(LOCK);
        _expect(IRevenueRight.Refusal.None, 0);
    }

    function test_ClosesToTheSecond() public {
        vm.warp(LOCK + LENGTH - 1);
        _expect(IRevenueRight.Refusal.None, 0);
        vm.warp(LOCK + LENGTH);
        _expect(IRevenueRight.Refusal.OutsideWindow, LOCK + EVERY);
    }

    function test_OpensAgainToTheSecond() public {
        vm.warp(LOCK + EVERY - 1);
        _expect(IRevenueRight.Refusal.OutsideWindow, LOCK + EVERY);
        vm.warp(LOCK + EVERY);
        _expect(IRevenueRight.Refusal.None, 0);
    }

    function test_RevertWhen_Outside() public {
        vm.warp(LOCK + LENGTH);
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.OutsideWindow;
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueRight.TransferRefused.selector, adam, barb, 100, reason, LOCK + EVERY)
        );
        vm.prank(adam);
        series.transfer(barb, 100);
    }

    function test_TellsTheOpening() public {
        vm.warp(LOCK + LENGTH);
        (, uint40 until, bytes32 rule, uint256 limit, uint256 actual) = series.explainTransfer(adam, barb, 100);
        assertEq(uint256(until), LOCK + EVERY, "until");
        assertEq(rule, "transferWindow", "rule");
        assertEq(limit, LOCK + EVERY, "limit");
        assertEq(actual, LOCK + LENGTH, "now");
    }

    function test_PaymentsGoOn() public {
        vm.warp(LOCK + LENGTH);
        _distribute(1, 10_000);
        assertEq(uint256(series.claimFor(adam)), 5000, "paid");
    }

    /// @dev The date given is the first second at which the same transfer passes.
    function testFuzz_TheDateGivenIsTheFirstMoment(uint256 time) public {
        vm.warp(bound(time, LOCK, LOCK + 40 * uint256(EVERY)));
        (IRevenueRight.Refusal reason, uint40 until) = series.checkTransfer(adam, barb, 100);
        bool open = (block.timestamp - LOCK) % EVERY < LENGTH;
        assertEq(reason == IRevenueRight.Refusal.None, open, "open");
        if (open) return;
        vm.warp(until - 1);
        (reason,) = series.checkTransfer(adam, barb, 100);
        assertTrue(reason == IRevenueRight.Refusal.OutsideWindow, "a second before");
        vm.warp(until);
        (reason,) = series.checkTransfer(adam, barb, 100);
        assertTrue(reason == IRevenueRight.Refusal.None, "then");
    }

    function _expect(IRevenueRight.Refusal expected, uint256 lifts) private view {
        (IRevenueRight.Refusal reason, uint40 until) = series.checkTransfer(adam, barb, 100);
        assertEq(uint256(reason), uint256(expected), "reason");
        assertEq(uint256(until), lifts, "until");
    }
}
