// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {StatementBook} from "../../src/statements/StatementBook.sol";
import {StreamKit} from "../telemetry/StreamKit.sol";
import {TelemetryKit} from "../telemetry/TelemetryKit.sol";

/// @title A book over an open stream with 2-of-3 signers and two closed periods of ten days.
abstract contract StatementKit is TelemetryKit, StreamKit {
    uint256 internal constant QUORUM = 0x6;
    uint40 internal constant SPAN = 10 days;
    uint40 internal constant WINDOW = 3 days;
    bytes32 internal constant KPIS = keccak256("kpis");
    bytes32 internal constant REASON = keccak256("reason");

    // Written out once more, so that a slip in the contract's own string shows.
    bytes32 internal constant STATEMENT_TYPEHASH = keccak256(
        abi.encodePacked(
            "Statement(uint32 stream,uint32 period,uint16 version,uint40 from,uint40 to,bytes32 firstHead,",
            "bytes32 lastHead,bytes32 linesRoot,uint64 gross,int64 adjustments,bytes32 tariffHash,",
            "uint16 coverageBp,uint16 estimatedBp,bytes32 kpis,bytes32 documents)"
        )
    );

    StatementBook internal book;
    address internal waterfall = makeAddr("waterfall");

    constructor() {
        book = new StatementBook(address(authority), oracle, registry);
        allow(address(book), book.dispute.selector, Roles.AUDITOR);
        allow(address(book), book.dismiss.selector, Roles.GUARDIAN);
        allow(address(book), book.voidStatement.selector, Roles.GUARDIAN);
        vm.prank(admin);
        book.setWaterfall(waterfall);
        useSigners(3, 2);
        openStream(STREAM, START);
        closePeriod();
        closePeriod();
    }

    /* SET-UP */

    /// @dev Anchors a period of two batches.
    function closePeriod() internal {
        anchorBy(QUORUM, batchOf(SPAN / 2, 480, false));
        anchorBy(QUORUM, batchOf(SPAN / 2, 480, true));
    }

    /// @dev A correct statement of period 1, 2, …
    function statementOf(uint32 period, uint16 version) internal view returns (IStatementBook.Statement memory s) {
        s.stream = STREAM;
        s.period = period;
        s.version = version;
        s.from = START + (period - 1) * SPAN;
        s.to = s.from + SPAN;
        s.firstHead = oracle.headAt(STREAM, s.from);
        s.lastHead = oracle.headAt(STREAM, s.to);
        s.linesRoot = keccak256(abi.encode("lines", period, version));
        s.gross = 1_000_000;
        s.adjustments = -1;
        s.tariffHash = TARIFF;
        s.coverageBp = 9_900;
        s.estimatedBp = 100;
        s.kpis = KPIS;
        s.documents = keccak256("documents");
    }

    /// @dev The digest computed word by word.
    function digestOf(IStatementBook.Statement memory s) internal view returns (bytes32) {
        bytes memory place = abi.encode(STATEMENT_TYPEHASH, s.stream, s.period, s.version, s.from, s.to);
        bytes memory evidence = abi.encode(s.firstHead, s.lastHead, s.linesRoot);
        bytes memory money = abi.encode(s.gross, s.adjustments, s.tariffHash);
        bytes memory quality = abi.encode(s.coverageBp, s.estimatedBp, s.kpis, s.documents);
        bytes32 structHash = keccak256(bytes.concat(place, evidence, money, quality));
        return keccak256(abi.encodePacked(hex"1901", domainOf(address(book)), structHash));
    }

    /* ACTIONS */

    function attest(IStatementBook.Statement memory s) internal {
        book.attest(s, QUORUM, signedBy(QUORUM, digestOf(s)));
    }

    function dispute(uint32 period) internal {
        vm.prank(auditor);
        book.dispute(STREAM, period, REASON);
    }

    function dismiss(uint32 period) internal {
        vm.prank(guardian);
        book.dismiss(STREAM, period, REASON);
    }

    function voidIt(uint32 period) internal {
        vm.prank(guardian);
        book.voidStatement(STREAM, period, REASON);
    }

    function consume(uint32 period) internal returns (uint64 distributable, uint40 finalAt) {
        vm.prank(waterfall);
        return book.consume(STREAM, period);
    }

    /// @dev Attests period 1 and settles it after its window.
    function settleFirst() internal {
        attest(statementOf(1, 1));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        consume(1);
    }

    /* EXPECTATIONS */

    function assertRecord(IStatementBook.Statement memory s, IStatementBook.Status status, uint40 finalAt)
        internal
        view
    {
        IStatementBook.Record memory record = book.recordOf(STREAM, s.period);
        assertEq(int256(uint256(record.distributable)), int256(uint256(s.gross)) + s.adjustments, "distributable");
        assertEq(uint256(record.from), s.from, "from");
        assertEq(uint256(record.to), s.to, "to");
        assertEq(uint256(record.finalAt), finalAt, "final at");
        assertEq(uint256(record.version), s.version, "version");
        assertEq(uint256(record.status), uint256(status), "status");
        assertEq(book.digestOf(STREAM, s.period), digestOf(s), "digest");
        assertEq(book.kpisOf(STREAM, s.period), s.kpis, "kpis");
    }

    function assertProgress(uint256 attested, uint256 to, uint256 settled) internal view {
        (uint32 attested_, uint40 to_, uint32 settled_) = book.progressOf(STREAM);
        assertEq(uint256(attested_), attested, "attested");
        assertEq(uint256(to_), to, "to");
        assertEq(uint256(settled_), settled, "settled");
    }

    function expectWrongStatus(uint32 period, IStatementBook.Status status) internal {
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.WrongStatus.selector, STREAM, period, status));
    }
}
