// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";

contract DistributeTest is RightsKit {
    function setUp() public override {
        super.setUp();
        _launch();
    }

    function test_EntitlesEachHolderToAShare() public {
        currency.mint(address(series), 10_007);
        vm.expectEmit(address(series));
        emit IRevenueRight.Distributed(1, 1, 10_007, 10_007, 10_000);
        vm.prank(waterfall);
        series.distribute(1, 10_007);
        assertEq(series.claimable(adam), 5003, "adam");
        assertEq(series.claimable(barb), 3002, "barb");
        assertEq(series.claimable(carl), 2001, "carl");
    }

    function test_FractionsAddUpOverPeriods() public {
        for (uint32 period = 1; period <= 10; ++period) {
            _distribute(period, 1);
        }
        assertEq(series.claimable(adam), 5, "adam");
        assertEq(series.claimable(barb), 3, "barb");
        assertEq(series.claimable(carl), 2, "carl");
    }

    function test_PeriodsMayBeSkipped() public {
        _distribute(3, 100);
        _distribute(7, 100);
        IRevenueRight.State memory state = series.state();
        assertEq(state.lastPeriod, 7, "last");
        assertEq(state.distributions, 2, "number");
        assertEq(state.acc, 200, "acc");
    }

    function test_PauseDoesNotHoldUpMoney() public {
        vm.prank(pauser);
        series.pause();
        _distribute(1, 10_000);
        vm.prank(adam);
        assertEq(series.claim(), 5000, "claimed");
    }

    function test_RevertWhen_CallerIsNotTheWaterfall() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.NotDistributor.selector, issuer));
        vm.prank(issuer);
        series.distribute(1, 1);
    }

    function test_RevertWhen_NotSealed() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 121;
        series = _create(terms);
        _refuses(1, 1, abi.encodeWithSelector(IRevenueRight.NotSealed.selector));
        // Sealed, but there is nobody to share it.
        vm.prank(issuer);
        series.seal();
        _refuses(1, 1, abi.encodeWithSelector(IRevenueRight.NotSealed.selector));
    }

    function test_RevertWhen_PeriodIsNotNextOrOutOfTerm() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.termFrom, terms.termTo) = (3, 5);
        _launch(terms);
        _refuses(2, 1, _outOfTerm(2, 3, 5));
        _distribute(4, 1);
        _refuses(4, 1, _outOfTerm(4, 5, 5));
        _refuses(3, 1, _outOfTerm(3, 5, 5));
        _distribute(5, 1);
        _refuses(6, 1, _outOfTerm(6, 6, 5));
    }

    function test_RevertWhen_AccPassesItsLimit() public {
        uint64 most = type(uint64).max >> 1;
        _distribute(1, most - 1);
        _refuses(2, 2, abi.encodeWithSelector(IRevenueRight.LimitExceeded.selector, uint256(most) + 1, uint256(most)));
        _distribute(2, 1);
        assertEq(series.state().acc, most, "acc");
    }

    function _outOfTerm(uint32 period, uint32 earliest, uint32 latest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueRight.PeriodOutOfTerm.selector, period, earliest, latest);
    }

    function _refuses(uint32 period, uint64 amount, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(waterfall);
        series.distribute(period, amount);
    }
}
