// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {Vm} from "../Kit.sol";
import {DistributionKit} from "./DistributionKit.sol";

/// @dev A senior coupon of 100 with arrears and a reserve that covers it; below 1.2 of debt service what is left goes to the
/// reserve instead of the treasury, and at 1.4 it comes back.
contract TriggersTest is DistributionKit {
    IWaterfall.When private constant BREACHED = IWaterfall.When.Breached;
    IWaterfall.When private constant SOUND = IWaterfall.When.Sound;

    function setUp() public override {
        super.setUp();
        allow(address(book), IStatementBook.voidStatement.selector, Roles.GUARDIAN);
        _launch();
    }

    function _setCovenant() private {
        _carrying(DUE, address(series), 100);
        _drawsFrom(2);
        _step(RESERVE, address(0), 500, 0);
        _gate(BREACHED, 0);
        _step(RESERVE, address(0), 0, 0);
        _accountIs(2);
        _gate(SOUND, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _trigger(IWaterfall.TriggerKind.Dscr, 0, 1, 12_000, 14_000);
        _setRules(_rules());
    }

    function test_SoundRulesPayAsAlways() public {
        _setCovenant();
        _pass(120);
        assertEq(falls.breachedOf(STREAM), 0, "at the threshold it is not breached");
        assertEq(currency.balanceOf(treasury), 20, "treasury");
    }

    function test_ABreachDivertsTheResidual() public {
        _setCovenant();
        uint32 period = _attest(119, NO_KPIS);
        _fund(119);
        vm.expectEmit(address(falls));
        emit IWaterfall.TriggerChanged(STREAM, period, 0, true, 11_900);
        falls.settle(STREAM, period);
        assertEq(falls.breachedOf(STREAM), 1, "breached");
        assertEq(falls.balanceOf(STREAM, 2), 19, "in the reserve");
        assertEq(currency.balanceOf(treasury), 0, "treasury");
    }

    function test_ABreachLastsUntilItIsCured() public {
        test_ABreachDivertsTheResidual();
        _pass(139);
        assertEq(falls.breachedOf(STREAM), 1, "above the threshold, below the cure");
        assertEq(falls.balanceOf(STREAM, 2), 58, "in the reserve");
        uint32 period = _attest(140, NO_KPIS);
        _fund(140);
        vm.expectEmit(address(falls));
        emit IWaterfall.TriggerChanged(STREAM, period, 0, false, 14_000);
        falls.settle(STREAM, period);
        assertEq(falls.balanceOf(STREAM, 2), 0, "released");
        assertEq(currency.balanceOf(treasury), 98, "treasury");
    }

    function test_AnUnchangedTriggerIsSilent() public {
        test_ABreachDivertsTheResidual();
        uint32 period = _attest(119, NO_KPIS);
        _fund(119);
        vm.recordLogs();
        falls.settle(STREAM, period);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            assertTrue(logs[i].topics[0] != IWaterfall.TriggerChanged.selector, "told twice");
        }
        assertEq(falls.breachedOf(STREAM), 1, "still breached");
    }

    function test_AReserveCoversAShortfallInTheSamePeriod() public {
        test_ABreachDivertsTheResidual();
        _pass(90);
        assertEq(series.state().acc, 200, "two full coupons");
        assertEq(falls.balanceOf(STREAM, 1), 0, "no arrears");
        assertEq(falls.balanceOf(STREAM, 2), 9, "reserve");
        _pass(50);
        assertEq(series.state().acc, 259, "all there was");
        assertEq(falls.balanceOf(STREAM, 1), 41, "arrears");
        assertEq(currency.balanceOf(address(falls)), 0, "nothing is left");
    }

    function test_PreviewShowsTheTriggers() public {
        _setCovenant();
        IWaterfall.Outcome memory outcome = falls.preview(STREAM, 110, NO_KPIS);
        assertEq(outcome.breached, 1, "breached");
        assertEq(outcome.ratiosBp[0], 11_000, "ratio");
        assertEq(outcome.lines[1].paid, 10, "into the reserve");
        assertEq(falls.breachedOf(STREAM), 0, "nothing changed");
    }

    function test_AChangeOfRulesCuresNothing() public {
        test_ABreachDivertsTheResidual();
        _setCovenant();
        vm.warp(vm.getBlockTimestamp() + RULES_DELAY);
        _pass(139);
        assertEq(falls.breachedOf(STREAM), 1, "below the cure");
    }

    function test_ATriggerThatIsDroppedIsForgotten() public {
        test_ABreachDivertsTheResidual();
        _step(RESERVE, address(0), 0, 0);
        _accountIs(2);
        _carrying(DUE, address(series), 100);
        _accountIs(1);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        vm.warp(vm.getBlockTimestamp() + RULES_DELAY);
        uint32 period = _attest(200, NO_KPIS);
        _fund(200);
        vm.expectEmit(address(falls));
        emit IWaterfall.TriggerChanged(STREAM, period, 0, false, type(uint32).max);
        falls.settle(STREAM, period);
        assertEq(falls.breachedOf(STREAM), 0, "forgotten");
    }

    function test_AnOpenDisputeDivertsUntilItIsDecided() public {
        _step(RESERVE, address(0), 1000, 0);
        _gate(BREACHED, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _trigger(IWaterfall.TriggerKind.OpenDispute, 0, 0, 0, 0);
        _setRules(_rules());
        uint32 first = _attest(100, NO_KPIS);
        _fund(200);
        uint32 second = _attest(100, NO_KPIS);
        vm.prank(guardian);
        book.voidStatement(STREAM, second, "wrong");
        falls.settle(STREAM, first);
        assertEq(falls.breachedOf(STREAM), 1, "a later statement is void");
        assertEq(falls.balanceOf(STREAM, 1), 100, "kept back");
        _correct(second, 100);
        falls.settle(STREAM, second);
        assertEq(falls.breachedOf(STREAM), 0, "decided");
        assertEq(currency.balanceOf(treasury), 100, "released to whom it is due");
    }

    function test_StatementsBeyondTheLookAheadDoNotCount() public {
        _step(RESERVE, address(0), 1000, 0);
        _gate(BREACHED, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _trigger(IWaterfall.TriggerKind.OpenDispute, 0, 0, 0, 0);
        _setRules(_rules());
        for (uint256 i = 0; i < 66; ++i) {
            _attest(1, NO_KPIS);
        }
        _fund(2);
        vm.prank(guardian);
        book.voidStatement(STREAM, 66, "wrong");
        falls.settle(STREAM, 1);
        assertEq(falls.breachedOf(STREAM), 0, "the 65th after it");
        falls.settle(STREAM, 2);
        assertEq(falls.breachedOf(STREAM), 1, "the 64th after it");
    }

    /// @dev The corrected statement of a voided period, final.
    function _correct(uint32 period, uint64 gross) private {
        IStatementBook.Record memory voided = book.recordOf(STREAM, period);
        IStatementBook.Statement memory s;
        (s.stream, s.period, s.version, s.from, s.to) = (STREAM, period, voided.version + 1, voided.from, voided.to);
        (s.firstHead, s.lastHead) = (bytes32(uint256(1)), bytes32(uint256(1)));
        (s.gross, s.tariffHash, s.coverageBp, s.kpis) = (gross, TARIFF, 10_000, NO_KPIS);
        book.attest(s, 0, "");
        vm.warp(vm.getBlockTimestamp() + CHALLENGE);
    }

    function test_ArrearsArePaidInTheTail() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.termFrom, terms.termTo, terms.tail, terms.rank) = (1, 1, 1, 1);
        _launch(terms);
        _carrying(DUE, address(series), 100);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(40);
        _pass(90);
        assertEq(series.state().acc, 100, "the arrears of 60, and no new coupon");
        assertEq(currency.balanceOf(treasury), 30, "treasury");
        _pass(10);
        assertEq(series.state().acc, 100, "the tail is over");
    }

    function test_ACouponFollowsItsSchedule() public {
        _step(DUE, address(series), 10, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _entry(0, 2, 30);
        _entry(0, 3, 20);
        _setRules(_rules());
        _pass(100);
        assertEq(series.state().acc, 10, "first");
        _pass(100);
        assertEq(series.state().acc, 40, "second");
        _pass(100);
        assertEq(series.state().acc, 60, "third");
    }
}
