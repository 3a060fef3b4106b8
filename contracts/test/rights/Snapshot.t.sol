// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesSnapshots} from "../../src/interfaces/ISeriesSnapshots.sol";
import {RightsKit} from "./RightsKit.sol";

contract SnapshotTest is RightsKit {
    address private _vote = makeAddr("vote");

    function setUp() public override {
        super.setUp();
        _launch();
        vm.prank(admin);
        authority.grantRole(Roles.VOTING, _vote, 0);
    }

    function test_KeepsBalancesAsTheyWere() public {
        vm.expectEmit(address(series));
        emit ISeriesSnapshots.SnapshotOpened(1, NOW, NOW + 10);
        uint32 id = _open(NOW + 10);
        _transfer(adam, barb, 1000);
        _transfer(barb, carl, 500);
        assertEq(series.balanceAt(adam, id), 5000, "adam");
        assertEq(series.balanceAt(barb, id), 3000, "barb");
        assertEq(series.balanceAt(carl, id), 2000, "carl");
        (uint40 takenAt, uint40 until, uint256 supply) = series.snapshotOf(id);
        assertEq(takenAt, NOW, "taken");
        assertEq(until, NOW + 10, "until");
        assertEq(supply, 10_000, "supply");
    }

    function test_ABuyerOfAllUnitsHasNoneAtTheSnapshot() public {
        uint32 id = _open(NOW + 10);
        _admit(dora);
        _transfer(adam, dora, 5000);
        assertEq(series.balanceAt(dora, id), 0, "dora");
        _transfer(dora, adam, 5000);
        assertEq(series.balanceAt(adam, id), 5000, "adam");
        assertEq(series.balanceAt(dora, id), 0, "dora still");
    }

    function test_IncomeIsNotTouched() public {
        _open(NOW + 10);
        _transfer(adam, barb, 5000);
        _distribute(1, 10_000);
        assertEq(series.claimable(barb), 8000, "barb");
    }

    function test_IsReadableThroughItsLastSecond() public {
        uint32 id = _open(NOW + 10);
        vm.warp(NOW + 10);
        _transfer(adam, barb, 1000);
        assertEq(series.balanceAt(adam, id), 5000, "kept");
        vm.warp(NOW + 11);
        vm.expectRevert(abi.encodeWithSelector(ISeriesSnapshots.SnapshotEnded.selector, NOW + 10));
        series.balanceAt(adam, id);
    }

    function test_AfterItsEndTransfersCostNothingMore() public {
        _open(NOW + 10);
        vm.warp(NOW + 11);
        _transfer(adam, barb, 1000);
        uint32 id = _open(NOW + 20);
        assertEq(id, 2, "the next");
        assertEq(series.balanceAt(adam, id), 4000, "as it is now");
    }

    function test_RevertWhen_OneIsOpen() public {
        _open(NOW + 10);
        vm.warp(NOW + 10);
        vm.expectRevert(abi.encodeWithSelector(ISeriesSnapshots.SnapshotStillOpen.selector, 1, NOW + 10));
        _open(NOW + 30);
    }

    function test_RevertWhen_EndIsNotAheadOrNotSealed() public {
        vm.expectRevert(abi.encodeWithSelector(ISeriesSnapshots.SnapshotEnded.selector, NOW));
        _open(NOW);
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 2;
        series = _create(terms);
        vm.expectRevert(IRevenueRight.NotSealed.selector);
        _open(NOW + 1);
    }

    function test_RevertWhen_CallerHasNoVote() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, issuer, ISeriesSnapshots.openSnapshot.selector)
        );
        vm.prank(issuer);
        series.openSnapshot(NOW + 1);
    }

    function test_RevertWhen_SnapshotIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(ISeriesSnapshots.SnapshotEnded.selector, 0));
        series.balanceAt(adam, 1);
    }

    function _open(uint40 until) private returns (uint32) {
        vm.prank(_vote);
        return series.openSnapshot(until);
    }

    function _transfer(address from, address to, uint256 units) private {
        vm.prank(from);
        series.transfer(to, units);
    }
}
