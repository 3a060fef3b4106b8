// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {StatementKit} from "./StatementKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract DisputeTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
    }

    function test_BlocksSettlement() public {
        vm.expectEmit(address(book));
        emit IStatementBook.StatementDisputed(STREAM, 1, 1, auditor, REASON);
        dispute(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Disputed, NOW + WINDOW);
        vm.warp(NOW + 365 days);
        assertFalse(book.isFinal(STREAM, 1), "final");
        expectWrongStatus(1, IStatementBook.Status.Disputed);
        consume(1);
    }

    function test_IsPossibleInTheLastSecond() public {
        vm.warp(NOW + WINDOW - 1);
        dispute(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Disputed, NOW + WINDOW);
    }

    function test_RevertWhen_TheWindowIsOver() public {
        vm.warp(NOW + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.WindowClosed.selector, STREAM, 1, NOW + WINDOW));
        dispute(1);
    }

    function test_RevertWhen_NotAttested() public {
        expectWrongStatus(2, IStatementBook.Status.None);
        dispute(2);
        dispute(1);
        expectWrongStatus(1, IStatementBook.Status.Disputed);
        dispute(1);
        voidIt(1);
        expectWrongStatus(1, IStatementBook.Status.Voided);
        dispute(1);
    }

    function test_RevertWhen_CallerIsNotAuditor() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        book.dispute(STREAM, 1, REASON);
    }
}

contract DismissTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
        dispute(1);
    }

    function test_TheWindowRunsAnew() public {
        vm.warp(NOW + 100 days);
        vm.expectEmit(address(book));
        emit IStatementBook.DisputeDismissed(STREAM, 1, 1, NOW + 100 days + WINDOW, REASON);
        dismiss(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Attested, NOW + 100 days + WINDOW);
    }

    function test_ItMayBeDisputedAgain() public {
        dismiss(1);
        dispute(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Disputed, NOW + WINDOW);
    }

    function test_RevertWhen_NotDisputed() public {
        dismiss(1);
        expectWrongStatus(1, IStatementBook.Status.Attested);
        dismiss(1);
        expectWrongStatus(2, IStatementBook.Status.None);
        dismiss(2);
    }

    function test_RevertWhen_CallerIsNotGuardian() public {
        vm.prank(auditor);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, auditor));
        book.dismiss(STREAM, 1, REASON);
    }
}

contract VoidTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
    }

    function test_AnAttestedOne() public {
        vm.expectEmit(address(book));
        emit IStatementBook.StatementVoided(STREAM, 1, 1, REASON);
        voidIt(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Voided, NOW + WINDOW);
    }

    function test_ADisputedOne() public {
        dispute(1);
        voidIt(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Voided, NOW + WINDOW);
    }

    function test_AfterTheWindowButBeforeSettlement() public {
        vm.warp(NOW + WINDOW);
        voidIt(1);
        expectWrongStatus(1, IStatementBook.Status.Voided);
        consume(1);
    }

    function test_RevertWhen_ThereIsNothingToVoid() public {
        expectWrongStatus(2, IStatementBook.Status.None);
        voidIt(2);
        voidIt(1);
        expectWrongStatus(1, IStatementBook.Status.Voided);
        voidIt(1);
    }

    function test_RevertWhen_Settled() public {
        vm.warp(NOW + WINDOW);
        consume(1);
        expectWrongStatus(1, IStatementBook.Status.Settled);
        voidIt(1);
    }

    function test_RevertWhen_CallerIsNotGuardian() public {
        vm.prank(auditor);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, auditor));
        book.voidStatement(STREAM, 1, REASON);
    }
}
