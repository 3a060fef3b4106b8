// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {StatementKit} from "./StatementKit.sol";

contract AttestTest is StatementKit {
    /* GIVEN THE NEXT PERIOD */

    function test_TheFirstBeginsAtTheStart() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + WINDOW);
        assertProgress(1, START + SPAN, 0);
    }

    function test_TheNextBeginsWhereTheLastEnded() public {
        attest(statementOf(1, 1));
        IStatementBook.Statement memory s = statementOf(2, 1);
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + WINDOW);
        assertProgress(2, START + 2 * SPAN, 0);
    }

    function test_IsReported() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        vm.expectEmit(address(book));
        emit IStatementBook.StatementAttested(STREAM, 1, 1, digestOf(s), 999_999, NOW + WINDOW, QUORUM, s);
        attest(s);
    }

    function test_TheDigestIsTheOneOfEip712() public view {
        assertEq(book.hashStatement(statementOf(1, 1)), digestOf(statementOf(1, 1)), "digest");
    }

    function test_APeriodMaySpanSeveralClosingBatches() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        (s.to, s.lastHead) = (START + 2 * SPAN, oracle.headAt(STREAM, START + 2 * SPAN));
        attest(s);
        assertProgress(1, START + 2 * SPAN, 0);
    }

    function test_GoesOnWhileAnchoringIsPaused() public {
        vm.prank(pauser);
        oracle.setPaused(true);
        attest(statementOf(1, 1));
        assertProgress(1, START + SPAN, 0);
    }

    /* STREAM AND PLACE */

    function test_RevertWhen_StreamIsUnknown() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.stream = STREAM + 1;
        _expect(s, abi.encodeWithSelector(IStreamRegistry.UnknownStream.selector, STREAM + 1));
    }

    function test_RevertWhen_PeriodIsZero() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.period = 0;
        _expect(s, _notContiguous(1, START, 0, START));
        attest(statementOf(1, 1));
        _expect(s, _notContiguous(2, START + SPAN, 0, START));
    }

    function test_RevertWhen_APeriodIsLeftOut() public {
        IStatementBook.Statement memory s = statementOf(2, 1);
        _expect(s, _notContiguous(1, START, 2, START + SPAN));
    }

    function test_RevertWhen_TheStartDiffers() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.from += 1;
        _expect(s, _notContiguous(1, START, 1, START + 1));
    }

    function test_RevertWhen_TheSamePeriodIsStatedUnderTheNextNumber() public {
        attest(statementOf(1, 1));
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.period = 2;
        _expect(s, _notContiguous(2, START + SPAN, 2, START));
    }

    function test_RevertWhen_TheFirstVersionIsNotOne() public {
        _expect(statementOf(1, 2), abi.encodeWithSelector(IStatementBook.VersionNotNext.selector, STREAM, 1, 1, 2));
        _expect(statementOf(1, 0), abi.encodeWithSelector(IStatementBook.VersionNotNext.selector, STREAM, 1, 1, 0));
    }

    /* BOUNDS AND HEADS */

    function test_RevertWhen_ThePeriodIsEmpty() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.to = s.from;
        _expect(s, abi.encodeWithSelector(IStatementBook.InvalidPeriod.selector, STREAM, START, START));
    }

    function test_RevertWhen_ThePeriodIsNotOver() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.to = NOW + 1;
        _expect(s, abi.encodeWithSelector(IStatementBook.InvalidPeriod.selector, STREAM, START, NOW + 1));
    }

    function test_RevertWhen_TheFirstHeadDiffers() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        bytes32 anchored = s.firstHead;
        s.firstHead = s.lastHead;
        _expect(s, _notAnchored(START, anchored, s.firstHead));
    }

    function test_RevertWhen_TheLastHeadDiffers() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        bytes32 anchored = s.lastHead;
        s.lastHead = oracle.headOf(STREAM);
        _expect(s, _notAnchored(START + SPAN, anchored, s.lastHead));
    }

    function test_RevertWhen_ThereIsNoHeadAtTheBoundary() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        (s.to, s.lastHead) = (START + SPAN / 2, 0);
        _expect(s, _notAnchored(START + SPAN / 2, 0, 0));
    }

    function test_RevertWhen_TheChainStartsElsewhereThanTheStream() public {
        openStream(STREAM + 1, START + 1);
        openChain(STREAM + 1, START);
        IStatementBook.Statement memory s = statementOf(1, 1);
        (s.stream, s.from, s.firstHead) = (STREAM + 1, START + 1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStatementBook.HeadNotAnchored.selector, STREAM + 1, START + 1, bytes32(0), bytes32(0)
            )
        );
        book.attest(s, QUORUM, signedBy(QUORUM, digestOf(s)));
    }

    /* TARIFF AND QUALITY */

    function test_RevertWhen_TheTariffIsNotTheRegisteredOne() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.tariffHash = keccak256("other");
        _expect(s, abi.encodeWithSelector(IStatementBook.WrongTariff.selector, STREAM, TARIFF, s.tariffHash));
    }

    function test_TheTariffIsTheOneAtThePeriodsStart() public {
        bytes32 next = keccak256("next tariff");
        setTariff(STREAM, NOW, next);
        vm.warp(NOW + 2 * SPAN);
        closePeriod();
        closePeriod();
        attest(statementOf(1, 1));
        attest(statementOf(2, 1));
        attest(statementOf(3, 1));
        IStatementBook.Statement memory s = statementOf(4, 1);
        _expect(s, abi.encodeWithSelector(IStatementBook.WrongTariff.selector, STREAM, next, TARIFF));
        s.tariffHash = next;
        attest(s);
    }

    function test_RevertWhen_CoverageIsTooLow() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.coverageBp = 9_499;
        _expect(s, abi.encodeWithSelector(IStatementBook.CoverageTooLow.selector, STREAM, 9_499, 9_500));
        s.coverageBp = 9_500;
        attest(s);
    }

    function test_RevertWhen_CoverageExceedsTheWhole() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.coverageBp = 10_001;
        _expect(s, abi.encodeWithSelector(IStatementBook.CoverageTooHigh.selector, STREAM, 10_001));
        s.coverageBp = 10_000;
        attest(s);
    }

    function test_RevertWhen_TooMuchIsEstimated() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.estimatedBp = 501;
        _expect(s, abi.encodeWithSelector(IStatementBook.TooMuchEstimated.selector, STREAM, 501, 500));
        s.estimatedBp = 500;
        attest(s);
    }

    /* MONEY */

    function test_NothingToDistributeIsAStatementToo() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.adjustments = -1_000_000;
        attest(s);
        assertRecord(s, IStatementBook.Status.Attested, NOW + WINDOW);
    }

    function test_RevertWhen_TheSumIsNegative() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.adjustments = -1_000_001;
        _expect(
            s, abi.encodeWithSelector(IStatementBook.NegativeDistributable.selector, STREAM, s.gross, s.adjustments)
        );
    }

    function test_RevertWhen_TheSumDoesNotFit() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        (s.gross, s.adjustments) = (type(uint64).max, 1);
        _expect(
            s, abi.encodeWithSelector(IStatementBook.DistributableTooLarge.selector, STREAM, s.gross, s.adjustments)
        );
        s.adjustments = 0;
        attest(s);
        assertEq(uint256(book.recordOf(STREAM, 1).distributable), type(uint64).max, "distributable");
    }

    function testFuzz_TheSumIsExactOrRefused(uint64 gross, int64 adjustments) public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        (s.gross, s.adjustments) = (gross, adjustments);
        int256 sum = int256(uint256(gross)) + adjustments;
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        (bool ok,) = address(book).call(abi.encodeCall(book.attest, (s, QUORUM, signatures)));
        assertEq(ok, sum >= 0 && sum <= int256(uint256(type(uint64).max)), "accepted");
        if (ok) assertEq(uint256(book.recordOf(STREAM, 1).distributable), uint256(sum), "distributable");
    }

    /* SIGNATURES */

    function test_RevertWhen_TheQuorumIsTooSmall() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.QuorumTooSmall.selector, 1, 2));
        book.attest(s, 0x2, signedBy(0x2, digestOf(s)));
    }

    function test_RevertWhen_SignedForAnotherBook() public {
        IStatementBook.Statement memory s = statementOf(1, 1);
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 1));
        book.attest(s, QUORUM, signatures);
    }

    /// @dev No bit of a signed statement may change, wherever it lies.
    function testFuzz_RevertWhen_AnyBitChanges(uint256 bit) public {
        bit = bound(bit, 0, 15 * 256 - 1);
        IStatementBook.Statement memory s = statementOf(1, 1);
        bytes memory input = abi.encodeCall(book.attest, (s, QUORUM, signedBy(QUORUM, digestOf(s))));
        input[4 + bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        (bool ok,) = address(book).call(input);
        assertFalse(ok, "accepted");
        assertProgress(0, 0, 0);
    }

    /* CONTIGUITY */

    /// @dev Of all periods and starts, only the next with the last end is taken; everything else is left as it was.
    function testFuzz_OnlyTheNextPeriodIsTaken(uint32 period, uint40 from, uint256 before) public {
        before = bound(before, 0, 1);
        if (before == 1) attest(statementOf(1, 1));
        IStatementBook.Statement memory s = statementOf(uint32(before) + 1, 1);
        (uint32 next, uint40 expected) = (s.period, s.from);
        s.period = period % 4;
        s.from = uint40(bound(from, expected - 2, expected + 2));
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        (bool ok,) = address(book).call(abi.encodeCall(book.attest, (s, QUORUM, signatures)));
        assertEq(ok, s.period == next && s.from == expected, "accepted");
        assertProgress(ok ? next : before, ok ? s.to : (before == 1 ? START + SPAN : 0), 0);
    }

    /* HELPERS */

    function _expect(IStatementBook.Statement memory s, bytes memory reason) private {
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        vm.expectRevert(reason);
        book.attest(s, QUORUM, signatures);
    }

    function _notContiguous(uint32 expectedPeriod, uint40 expectedFrom, uint32 period, uint40 from)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IStatementBook.PeriodNotContiguous.selector, STREAM, expectedPeriod, expectedFrom, period, from
        );
    }

    function _notAnchored(uint40 boundary, bytes32 anchored, bytes32 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStatementBook.HeadNotAnchored.selector, STREAM, boundary, anchored, given);
    }
}
