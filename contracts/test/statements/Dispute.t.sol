// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
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

    function test_IsCounted() public {
        attest(statementOf(2, 1));
        dispute(1);
        dispute(2);
        assertEq(book.openDisputes(STREAM), 2, "both");
        voidIt(1);
        assertEq(book.openDisputes(STREAM), 2, "voided counts");
        attest(statementOf(2, 2));
        assertEq(book.openDisputes(STREAM), 1, "superseded does not");
        attest(statementOf(1, 2));
        assertEq(book.openDisputes(STREAM), 0, "replaced does not");
        dispute(2);
        vm.warp(NOW + WINDOW);
        consume(1);
        assertEq(book.openDisputes(STREAM), 1, "a settlement leaves the count");
    }

    function test_RevertWhen_DisputedTooOften() public {
        for (uint256 i; i < 3; ++i) {
            dispute(1);
            dismiss(1);
        }
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.TooManyDisputes.selector, STREAM, 1, 3));
        dispute(1);
        attest(statementOf(1, 2));
        dispute(1);
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
        vm.warp(NOW + 7 days - 1);
        vm.expectEmit(address(book));
        emit IStatementBook.DisputeDismissed(STREAM, 1, 1, NOW + 7 days - 1 + WINDOW, REASON);
        dismiss(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Attested, NOW + 7 days - 1 + WINDOW);
        assertEq(book.openDisputes(STREAM), 0, "open disputes");
    }

    function test_ItMayBeDisputedAgain() public {
        dismiss(1);
        dispute(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Disputed, NOW + WINDOW);
    }

    function test_RevertWhen_TheGuardianIsLate() public {
        vm.warp(NOW + 7 days);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.ResolutionOver.selector, STREAM, 1, NOW + 7 days));
        dismiss(1);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.ResolutionOver.selector, STREAM, 1, NOW + 7 days));
        voidIt(1);
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

contract LapseTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
        dispute(1);
    }

    function test_TheStatementStandsAfterAFreshWindow() public {
        vm.warp(NOW + 7 days);
        vm.expectEmit(address(book));
        emit IStatementBook.DisputeLapsed(STREAM, 1, 1, false);
        vm.expectEmit(address(book));
        emit IStatementBook.DisputeDismissed(STREAM, 1, 1, NOW + 7 days + WINDOW, 0);
        vm.prank(mallory);
        book.lapse(STREAM, 1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Attested, NOW + 7 days + WINDOW);
        assertEq(book.openDisputes(STREAM), 0, "open disputes");
        vm.warp(NOW + 7 days + WINDOW);
        consume(1);
    }

    function test_TheStatementIsVoidedWhereTheStreamSaysSo() public {
        IStreamRegistry.Terms memory terms = termsFrom(START);
        terms.lapseUpholds = true;
        vm.mockCall(address(registry), abi.encodeCall(registry.termsOf, (STREAM)), abi.encode(terms));
        vm.warp(NOW + 7 days);
        vm.expectEmit(address(book));
        emit IStatementBook.DisputeLapsed(STREAM, 1, 1, true);
        vm.expectEmit(address(book));
        emit IStatementBook.StatementVoided(STREAM, 1, 1, 0);
        vm.prank(mallory);
        book.lapse(STREAM, 1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Voided, NOW + WINDOW);
        assertEq(book.openDisputes(STREAM), 1, "open disputes");
    }

    function test_RevertWhen_TheGuardianStillHasTime() public {
        vm.warp(NOW + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.ResolutionOpen.selector, STREAM, 1, NOW + 7 days));
        book.lapse(STREAM, 1);
    }

    function test_RevertWhen_ThereIsNoDispute() public {
        dismiss(1);
        vm.warp(NOW + 7 days);
        expectWrongStatus(1, IStatementBook.Status.Attested);
        book.lapse(STREAM, 1);
    }
}

contract VoidProvenTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
        vm.prank(admin);
        book.setChamber(adam);
    }

    function test_VoidsAnAttestedOne() public {
        vm.expectEmit(address(book));
        emit IStatementBook.StatementVoided(STREAM, 1, 1, REASON);
        _void(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Voided, NOW + WINDOW);
    }

    function test_VoidsADisputedOneAtAnyTime() public {
        dispute(1);
        vm.warp(NOW + 100 days);
        _void(1);
        assertRecord(statementOf(1, 1), IStatementBook.Status.Voided, NOW + WINDOW);
        assertEq(book.openDisputes(STREAM), 1, "open disputes");
    }

    function test_LeavesAVoidedOneAsItIs() public {
        _void(1);
        _void(1);
        assertEq(book.openDisputes(STREAM), 1, "open disputes");
    }

    function test_RevertWhen_ThereIsNothingToVoid() public {
        expectWrongStatus(2, IStatementBook.Status.None);
        _void(2);
        vm.warp(NOW + WINDOW);
        consume(1);
        expectWrongStatus(1, IStatementBook.Status.Settled);
        _void(1);
    }

    function test_RevertWhen_CallerIsNotChamber() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.NotChamber.selector, guardian));
        book.voidProven(STREAM, 1, REASON);
    }

    function _void(uint32 period) private {
        vm.prank(adam);
        book.voidProven(STREAM, period, REASON);
    }
}
