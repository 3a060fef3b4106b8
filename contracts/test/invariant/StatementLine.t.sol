// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {Kit} from "../Kit.sol";
import {StatementKit} from "../statements/StatementKit.sol";

/// @title Quorum, auditor, guardian and waterfall, each doing what it may at random, and an account of what was paid.
contract StatementActors is StatementKit {
    uint256 public paid;
    mapping(uint32 period => uint256) public payments;
    mapping(uint32 period => uint64) public amounts;

    /* ACTIONS */

    function attestNext(uint64 gross, uint256 pause) external {
        (uint32 attested,,) = book.progressOf(STREAM);
        _pass(pause);
        if (cursor.to < START + (attested + 1) * SPAN) {
            if (vm.getBlockTimestamp() < cursor.to + SPAN) vm.warp(cursor.to + SPAN);
            closePeriod();
        }
        _attest(attested + 1, 1, gross);
    }

    function attestAgain(uint32 period, uint64 gross, uint256 pause) external {
        _pass(pause);
        (uint32 attested,, uint32 settled) = book.progressOf(STREAM);
        if (attested == settled) return;
        period = uint32(bound(period, settled + 1, attested));
        IStatementBook.Record memory record = book.recordOf(STREAM, period);
        if (period != attested && record.status != IStatementBook.Status.Voided) return;
        _attest(period, record.version + 1, gross);
    }

    function disputeSome(uint32 period) external {
        _try(auditor, abi.encodeCall(book.dispute, (STREAM, _some(period), REASON)));
    }

    function dismissSome(uint32 period) external {
        _try(guardian, abi.encodeCall(book.dismiss, (STREAM, _some(period), REASON)));
    }

    function voidSome(uint32 period) external {
        _try(guardian, abi.encodeCall(book.voidStatement, (STREAM, _some(period), REASON)));
    }

    function settleSome(uint32 period, uint256 pause) external {
        _pass(pause);
        period = _some(period);
        bool ready = book.isFinal(STREAM, period);
        (bool ok, bytes memory result) = _try(waterfall, abi.encodeCall(book.consume, (STREAM, period)));
        assertEq(ok, ready, "isFinal says what consume does");
        if (!ok) return;
        (uint64 amount,) = abi.decode(result, (uint64, uint40));
        assertEq(uint256(amount), amounts[period], "amount");
        ++payments[period];
        paid += amount;
    }

    /* VIEWS */

    function bookOf() external view returns (IStatementBook) {
        return book;
    }

    /* HELPERS */

    function _attest(uint32 period, uint16 version, uint64 gross) private {
        IStatementBook.Statement memory s = statementOf(period, version);
        (s.gross, s.adjustments) = (uint64(bound(gross, 0, type(uint64).max >> 8)), 0);
        attest(s);
        amounts[period] = s.gross;
    }

    function _some(uint32 period) private view returns (uint32) {
        (uint32 attested,,) = book.progressOf(STREAM);
        return uint32(bound(period, 0, attested + 1));
    }

    function _pass(uint256 pause) private {
        vm.warp(vm.getBlockTimestamp() + bound(pause, 1, 2 days));
    }

    function _try(address sender, bytes memory input) private returns (bool ok, bytes memory result) {
        vm.prank(sender);
        (ok, result) = address(book).call(input);
    }
}

/// @title Whatever they do, the periods form one line without gap or overlap, and each is settled once, in order.
contract StatementLineInvariants is Kit {
    uint32 internal constant STREAM = 7;

    StatementActors internal actors;

    function setUp() public {
        actors = new StatementActors();
        bytes4[] memory selectors = new bytes4[](6);
        selectors[0] = actors.attestNext.selector;
        selectors[1] = actors.attestAgain.selector;
        selectors[2] = actors.disputeSome.selector;
        selectors[3] = actors.dismissSome.selector;
        selectors[4] = actors.voidSome.selector;
        selectors[5] = actors.settleSome.selector;
        targetContract(address(actors));
        targetSelectors(address(actors), selectors);
    }

    /// @dev from(1) = start; from(p + 1) = to(p); to(last) = progress.to; nothing beyond.
    function invariant_PeriodsAreContiguous() public view {
        IStatementBook book = actors.bookOf();
        (uint32 attested, uint40 to,) = book.progressOf(STREAM);
        uint40 end = NOW - 30 days;
        for (uint32 period = 1; period <= attested; ++period) {
            IStatementBook.Record memory record = book.recordOf(STREAM, period);
            assertEq(uint256(record.from), end, "from");
            assertLt(uint256(record.from), record.to, "empty period");
            end = record.to;
        }
        assertEq(uint256(to), attested == 0 ? 0 : end, "progress");
        assertEq(uint256(book.recordOf(STREAM, attested + 1).version), 0, "beyond");
    }

    /// @dev Settled are exactly the periods 1…settled, each once.
    function invariant_PeriodsSettleOnceAndInOrder() public view {
        IStatementBook book = actors.bookOf();
        (uint32 attested,, uint32 settled) = book.progressOf(STREAM);
        assertLe(uint256(settled), attested, "settled ahead");
        for (uint32 period = 1; period <= attested; ++period) {
            bool isSettled = book.recordOf(STREAM, period).status == IStatementBook.Status.Settled;
            assertEq(isSettled, period <= settled, "status");
            assertEq(actors.payments(period), period <= settled ? 1 : 0, "payments");
        }
    }

    /// @dev Σ paid = Σ distributable over the settled periods.
    function invariant_PaidIsWhatWasStated() public view {
        IStatementBook book = actors.bookOf();
        (,, uint32 settled) = book.progressOf(STREAM);
        uint256 sum;
        for (uint32 period = 1; period <= settled; ++period) {
            sum += book.recordOf(STREAM, period).distributable;
        }
        assertEq(actors.paid(), sum, "paid");
    }
}
