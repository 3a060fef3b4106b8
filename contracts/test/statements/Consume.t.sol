// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {StatementBook} from "../../src/statements/StatementBook.sol";
import {StatementKit} from "./StatementKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract ConsumeTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
        attest(statementOf(2, 1));
    }

    function test_HandsOutWhatSettlementNeeds() public {
        vm.warp(NOW + WINDOW);
        assertTrue(book.isFinal(STREAM, 1), "final");
        vm.expectEmit(address(book));
        emit IStatementBook.StatementSettled(STREAM, 1, 1, 999_999);
        (uint64 distributable, uint40 finalAt) = consume(1);
        assertEq(uint256(distributable), 999_999, "distributable");
        assertEq(uint256(finalAt), NOW + WINDOW, "final at");
        assertRecord(statementOf(1, 1), IStatementBook.Status.Settled, NOW + WINDOW);
        assertProgress(2, START + 2 * SPAN, 1);
        assertFalse(book.isFinal(STREAM, 1), "still open");
    }

    function test_PeriodsSettleInOrder() public {
        vm.warp(NOW + WINDOW);
        assertFalse(book.isFinal(STREAM, 2), "out of order");
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.EarlierPeriodOpen.selector, STREAM, 1, 2));
        consume(2);
        consume(1);
        assertTrue(book.isFinal(STREAM, 2), "in order");
        consume(2);
        assertProgress(2, START + 2 * SPAN, 2);
    }

    function test_AVoidedPeriodHoldsUpTheNext() public {
        voidIt(1);
        vm.warp(NOW + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.EarlierPeriodOpen.selector, STREAM, 1, 2));
        consume(2);
        attest(statementOf(1, 2));
        vm.warp(NOW + 2 * WINDOW);
        consume(1);
        consume(2);
        assertProgress(2, START + 2 * SPAN, 2);
    }

    function test_RevertWhen_TheWindowIsOpen() public {
        vm.warp(NOW + WINDOW - 1);
        assertFalse(book.isFinal(STREAM, 1), "final");
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.NotFinal.selector, STREAM, 1, NOW + WINDOW));
        consume(1);
    }

    function test_RevertWhen_SettledAlready() public {
        vm.warp(NOW + WINDOW);
        consume(1);
        expectWrongStatus(1, IStatementBook.Status.Settled);
        consume(1);
    }

    function test_RevertWhen_NotAttested() public {
        vm.warp(NOW + WINDOW);
        expectWrongStatus(3, IStatementBook.Status.None);
        consume(3);
        expectWrongStatus(0, IStatementBook.Status.None);
        consume(0);
    }

    function test_RevertWhen_CallerIsNotTheWaterfall() public {
        vm.warp(NOW + WINDOW);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.NotWaterfall.selector, admin));
        book.consume(STREAM, 1);
    }

    /// @dev From the first settlement on the stream knows the waterfall by itself.
    function test_RevertWhen_CallerIsNotTheWaterfallLater() public {
        vm.warp(NOW + WINDOW);
        consume(1);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.NotWaterfall.selector, admin));
        book.consume(STREAM, 2);
        consume(2);
        assertProgress(2, START + 2 * SPAN, 2);
    }
}

contract SetWaterfallTest is StatementKit {
    StatementBook internal fresh;

    function setUp() public {
        fresh = new StatementBook(address(authority), oracle, registry);
    }

    function test_IsSetOnce() public {
        assertEq(fresh.waterfall(), address(0), "before");
        vm.expectEmit(address(fresh));
        emit IStatementBook.WaterfallSet(waterfall);
        vm.prank(admin);
        fresh.setWaterfall(waterfall);
        assertEq(fresh.waterfall(), waterfall, "after");
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.WaterfallAlreadySet.selector, waterfall));
        fresh.setWaterfall(mallory);
    }

    function test_RevertWhen_CallerIsNotAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        fresh.setWaterfall(mallory);
    }

    function test_TheChamberIsSetOnce() public {
        assertEq(fresh.chamber(), address(0), "before");
        vm.expectEmit(address(fresh));
        emit IStatementBook.ChamberSet(adam);
        vm.prank(admin);
        fresh.setChamber(adam);
        assertEq(fresh.chamber(), adam, "after");
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.ChamberAlreadySet.selector, adam));
        fresh.setChamber(mallory);
    }

    function test_RevertWhen_CallerWhoSetsTheChamberIsNotAdmin() public {
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        fresh.setChamber(mallory);
    }

    function test_NamesItsSurroundings() public view {
        assertEq(fresh.anchor(), address(oracle), "anchor");
        assertEq(fresh.streams(), address(registry), "streams");
    }
}
