// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISeries} from "../../src/interfaces/ISeries.sol";
import {HealthKit} from "../HealthKit.sol";
import {RecordsHandler} from "./RecordsHandler.sol";

/// @dev Marks, late money, recovery, frozen units and snapshots against a model that writes all balances down.
contract RecordsInvariantTest is HealthKit {
    RecordsHandler internal handler;
    ISeries internal series;

    function setUp() public {
        handler = new RecordsHandler();
        handler.setUp();
        series = handler.right();
        bytes4[] memory actions = new bytes4[](14);
        actions[0] = RecordsHandler.wait.selector;
        actions[1] = RecordsHandler.announce.selector;
        actions[2] = RecordsHandler.passRecord.selector;
        actions[3] = RecordsHandler.distribute.selector;
        actions[4] = RecordsHandler.payRecord.selector;
        actions[5] = RecordsHandler.claim.selector;
        actions[6] = RecordsHandler.push.selector;
        actions[7] = RecordsHandler.transfer.selector;
        actions[8] = RecordsHandler.freezeUnits.selector;
        actions[9] = RecordsHandler.forceMove.selector;
        actions[10] = RecordsHandler.recover.selector;
        actions[11] = RecordsHandler.callVote.selector;
        // Twice as often as the others.
        actions[12] = RecordsHandler.transfer.selector;
        actions[13] = RecordsHandler.passRecord.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev claimable = ⌊Σ A_k·u_k / S − paid⌋ for every holder, exactly.
    function invariant_HoldersAtTheRecordDateEarnExactlyTheirs() public view {
        for (uint256 i = 0; i < 5; ++i) {
            address actor = handler.actors(i);
            assertEq(series.claimable(actor), handler.due(actor) / handler.supply(), "claimable");
        }
    }

    /// @dev The vault covers what is owed, and keeps less than a unit an account beyond it.
    function invariant_TheVaultCoversLateMoneyAndKeepsOnlyDust() public view {
        address[] memory actors = new address[](5);
        for (uint256 i = 0; i < 5; ++i) {
            actors[i] = handler.actors(i);
        }
        ascend(actors);
        assertEq(handler.vault(), handler.received() - handler.paidOut(), "in less out");
        requireHealthy(health.checkSeries(address(series), actors, 0));
    }

    function invariant_UnitsAtOutstandingRecordsAreKnown() public view {
        uint32[] memory passed = handler.passed();
        uint32[] memory shown = series.outstandingRecords();
        assertEq(shown.length, passed.length, "number");
        for (uint256 k = 0; k < passed.length; ++k) {
            assertEq(shown[k], passed[k], "period");
            uint256 sum = 0;
            for (uint256 i = 0; i < 5; ++i) {
                uint256 units = series.unitsAt(handler.actors(i), passed[k]);
                assertEq(units, handler.unitsWhenClosed(passed[k], handler.actors(i)), "units");
                sum += units;
            }
            assertEq(sum, handler.supply(), "all units");
        }
    }

    function invariant_BalancesAndFrozenUnitsAreAsMoved() public view {
        uint256 sum = 0;
        for (uint256 i = 0; i < 5; ++i) {
            address actor = handler.actors(i);
            assertEq(series.balanceOf(actor), handler.units(actor), "units");
            assertEq(handler.moves().unitsFrozen(actor), handler.frozen(actor), "frozen");
            sum += series.balanceOf(actor);
        }
        assertEq(sum, series.totalSupply(), "supply");
    }

    function invariant_AnOpenSnapshotKeepsAllBalances() public view {
        if (handler.snapshot() == 0 || vm.getBlockTimestamp() > handler.snapshotUntil()) return;
        for (uint256 i = 0; i < 5; ++i) {
            address actor = handler.actors(i);
            assertEq(series.balanceAt(actor, handler.snapshot()), handler.unitsAtSnapshot(actor), "snapshot");
        }
    }

    /// @dev Whatever went before, the series can be wound up and everybody is paid.
    function afterInvariant() public {
        handler.finish();
        assertEq(series.totalSupply(), 0, "all redeemed");
        assertLt(handler.vault(), 5, "only dust is left");
    }
}
