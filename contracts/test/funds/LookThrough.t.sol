// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PoolFund} from "../../src/funds/PoolFund.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {FundKit} from "./FundKit.sol";

contract LookThroughTest is FundKit {
    function test_IsEmptyForNothing() public view {
        (uint32[] memory streams, uint256[] memory shares) = fund.lookThrough();
        assertEq(streams.length + shares.length + fund.exposures().length, 0, "empty");
    }

    function test_IsUnitsBySupply() public {
        _contribute();
        (uint32[] memory streams, uint256[] memory shares) = fund.lookThrough();
        assertEq(streams.length, 2, "streams");
        assertEq(streams[0], STREAM, "first");
        assertEq(shares[0], 0.5e18, "half");
        assertEq(streams[1], OTHER, "second");
        assertEq(shares[1], 0.25e18, "a quarter");
    }

    function test_AddsUpTheSeriesOfAStream() public {
        _contribute();
        ISeries junior = _launchStream(STREAM, "JUNIOR");
        _admitTo(fund, junior);
        vm.prank(adam);
        junior.transfer(address(fund), 3333);
        (uint32[] memory streams, uint256[] memory shares) = fund.lookThrough();
        assertEq(streams.length, 2, "streams");
        assertEq(shares[0], 0.8333e18, "0.5 and 0.3333");
        IPoolFund.Exposure[] memory lines = fund.exposures();
        assertEq(lines.length, 3, "lines");
        assertEq(lines[2].series, address(junior), "series");
        assertEq(lines[2].share, 0.3333e18, "share");
    }

    function test_IsNothingWithoutSupply() public {
        series = _create(_terms());
        _admitTo(fund, series);
        (uint32[] memory streams, uint256[] memory shares) = fund.lookThrough();
        assertEq(streams[0], STREAM, "stream");
        assertEq(shares[0], 0, "share");
    }

    function test_MultipliesAlongTheWay() public {
        _contribute();
        (PoolFund parent,) = _openFund(2, "PARENT");
        _admitTo(parent, units);
        _admitTo(parent, vpp);
        vm.prank(barb);
        units.transfer(address(parent), 333);
        vm.prank(adam);
        vpp.transfer(address(parent), 1);
        (uint32[] memory streams, uint256[] memory shares) = parent.lookThrough();
        assertEq(streams.length, 2, "streams");
        assertEq(shares[0], 0.1665e18 + 0.0001e18, "a third of half, and one unit");
        assertEq(shares[1], 0.08325e18, "a third of a quarter");
        assertEq(parent.exposures().length, 3, "two ways to the first series");
    }

    /// @dev 40% of a regional fund that owns 25% of a project: 10%, so 100 of the parent carry 1 000.
    function test_TwoLayersOfFortyAndTwentyFivePercent() public {
        _admitTo(fund, vpp);
        vm.prank(adam);
        vpp.transfer(address(fund), 2500);
        (PoolFund parent,) = _openFund(2, "PARENT");
        _admitTo(parent, units);
        vm.prank(carl);
        units.transfer(address(parent), 400);
        (, uint256[] memory shares) = parent.lookThrough();
        assertEq(shares[0], 0.1e18, "a tenth");
    }
}
