// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {StatementKit} from "./StatementKit.sol";

/// @title New versions of a period that has been attested before.
contract SupersedeTest is StatementKit {
    function setUp() public {
        attest(statementOf(1, 1));
    }

    /* GIVEN THE NEWEST PERIOD */

    function test_TheWindowRunsAnew() public {
        vm.warp(NOW + 1 days);
        IStatementBook.Statement memory s = statementOf(1, 2);
        (s.gross, s.kpis) = (2_000_000, keccak256("other kpis"));
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + 1 days + WINDOW);
        assertProgress(1, START + SPAN, 0);
    }

    function test_AfterTheWindowButBeforeSettlement() public {
        vm.warp(NOW + WINDOW);
        attest(statementOf(1, 2));
        assertFalse(book.isFinal(STREAM, 1), "final");
    }

    function test_ADisputedOne() public {
        dispute(1);
        IStatementBook.Statement memory s = statementOf(1, 2);
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + WINDOW);
        dispute(1);
    }

    function test_AVoidedOne() public {
        voidIt(1);
        IStatementBook.Statement memory s = statementOf(1, 2);
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + WINDOW);
    }

    function test_RevertWhen_Settled() public {
        vm.warp(NOW + WINDOW);
        consume(1);
        _expect(statementOf(1, 2), abi.encodeWithSelector(IStatementBook.PeriodSettled.selector, STREAM, 1));
    }

    function test_RevertWhen_TheVersionIsNotNext() public {
        for (uint16 version; version < 5; ++version) {
            if (version == 2) continue;
            bytes memory reason = abi.encodeWithSelector(IStatementBook.VersionNotNext.selector, STREAM, 1, 2, version);
            _expect(statementOf(1, version), reason);
        }
    }

    function test_RevertWhen_AnOldVersionIsSentAgain() public {
        IStatementBook.Statement memory s = statementOf(1, 2);
        attest(s);
        _expect(s, abi.encodeWithSelector(IStatementBook.VersionNotNext.selector, STREAM, 1, 3, 2));
    }

    function test_RevertWhen_TheBoundsChange() public {
        IStatementBook.Statement memory s = statementOf(1, 2);
        (s.to, s.lastHead) = (START + 2 * SPAN, oracle.headAt(STREAM, START + 2 * SPAN));
        _expect(s, abi.encodeWithSelector(IStatementBook.PeriodBoundsChanged.selector, STREAM, 1));
        s = statementOf(1, 2);
        s.from += 1;
        _expect(s, abi.encodeWithSelector(IStatementBook.PeriodBoundsChanged.selector, STREAM, 1));
    }

    function test_RevertWhen_AllVersionsAreUsed() public {
        // Version is the 16 bits above distributable, from, to and finalAt in the record's slot.
        bytes32 outer = keccak256(abi.encode(STREAM, 5));
        bytes32 slot = keccak256(abi.encode(1, outer));
        vm.store(address(book), slot, vm.load(address(book), slot) | bytes32(uint256(0xffff) << 184));
        assertEq(uint256(book.recordOf(STREAM, 1).version), 0xffff, "version");
        _expect(statementOf(1, 0), abi.encodeWithSignature("Panic(uint256)", 0x11));
    }

    /* GIVEN AN OLDER PERIOD */

    function test_RevertWhen_AnOlderOneIsNotVoided() public {
        attest(statementOf(2, 1));
        bytes4 wrong = IStatementBook.WrongStatus.selector;
        _expect(statementOf(1, 2), abi.encodeWithSelector(wrong, STREAM, 1, IStatementBook.Status.Attested));
        dispute(1);
        _expect(statementOf(1, 2), abi.encodeWithSelector(wrong, STREAM, 1, IStatementBook.Status.Disputed));
    }

    function test_RevertWhen_AnOlderOneIsSettled() public {
        attest(statementOf(2, 1));
        vm.warp(NOW + WINDOW);
        consume(1);
        _expect(statementOf(1, 2), abi.encodeWithSelector(IStatementBook.PeriodSettled.selector, STREAM, 1));
    }

    function test_AnOlderVoidedOneIsAttestedAgain() public {
        attest(statementOf(2, 1));
        voidIt(1);
        vm.warp(NOW + 1 days);
        IStatementBook.Statement memory s = statementOf(1, 2);
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + 1 days + WINDOW);
        assertProgress(2, START + 2 * SPAN, 0);
    }

    function test_RevertWhen_AnOlderVoidedOneChangesItsBounds() public {
        attest(statementOf(2, 1));
        voidIt(1);
        IStatementBook.Statement memory s = statementOf(1, 2);
        (s.to, s.lastHead) = (START + 2 * SPAN, oracle.headAt(STREAM, START + 2 * SPAN));
        _expect(s, abi.encodeWithSelector(IStatementBook.PeriodBoundsChanged.selector, STREAM, 1));
    }

    /* HELPERS */

    function _expect(IStatementBook.Statement memory s, bytes memory reason) private {
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        vm.expectRevert(reason);
        book.attest(s, QUORUM, signatures);
    }
}
