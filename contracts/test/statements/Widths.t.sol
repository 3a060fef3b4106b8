// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {StatementKit} from "./StatementKit.sol";

/// @title A stream's progress at the limits of its fields, which a test cannot reach by attesting 2²⁴ periods.
contract StatementWidthsTest is StatementKit {
    /// @dev After the parts inherited and the waterfall.
    uint256 private constant PROGRESS_SLOT = 4;
    uint24 private constant LAST = type(uint24).max;

    function _place() private pure returns (bytes32) {
        return keccak256(abi.encode(STREAM, PROGRESS_SLOT));
    }

    /// @dev The word as the contract describes it.
    function _put(uint24 attested, uint40 to, uint24 settled, address known, uint8 open) private {
        uint256 word = uint256(attested) | uint256(to) << 24 | uint256(settled) << 64;
        word |= uint256(uint160(known)) << 88 | uint256(open) << 248;
        vm.store(address(book), _place(), bytes32(word));
    }

    function _word() private view returns (uint256) {
        return uint256(vm.load(address(book), _place()));
    }

    function test_TheWordIsLaidOutAsDescribed() public {
        attest(statementOf(1, 1));
        attest(statementOf(2, 1));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        consume(1);
        uint256 word = _word();
        voidIt(2);
        assertEq(_word(), word | 1 << 248, "open");
        _put(2, START + 2 * SPAN, 1, waterfall, 1);
        assertEq(_word(), word | 1 << 248, "word");
    }

    function test_ASettlementKeepsItsNeighboursAtTheirLimits() public {
        attest(statementOf(1, 1));
        vm.warp(vm.getBlockTimestamp() + WINDOW);
        _put(LAST, type(uint40).max, 0, address(0), type(uint8).max);
        consume(1);
        assertProgress(LAST, type(uint40).max, 1);
        assertEq(book.openDisputes(STREAM), type(uint8).max, "open");
        _put(LAST, type(uint40).max, LAST, waterfall, 0);
        assertProgress(LAST, type(uint40).max, LAST);
        assertEq(book.openDisputes(STREAM), 0, "none open");
    }

    function test_RevertWhen_ThereIsNoPeriodLeft() public {
        _put(LAST, START, 0, address(0), 0);
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.period = uint32(LAST) + 1;
        bytes memory signatures = signedBy(QUORUM, digestOf(s));
        vm.expectRevert(
            abi.encodeWithSelector(
                IStatementBook.PeriodNotContiguous.selector, STREAM, s.period, START, s.period, START
            )
        );
        book.attest(s, QUORUM, signatures);
    }

    function test_TheLastPeriodIsAttested() public {
        _put(LAST - 1, START, 0, address(0), 0);
        IStatementBook.Statement memory s = statementOf(1, 1);
        s.period = LAST;
        attest(s);
        assertProgress(LAST, START + SPAN, 0);
    }

    function test_RevertWhen_TooManyPeriodsAreOpen() public {
        attest(statementOf(1, 1));
        _put(1, START + SPAN, 0, address(0), type(uint8).max);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.TooManyOpen.selector, STREAM));
        dispute(1);
        vm.expectRevert(abi.encodeWithSelector(IStatementBook.TooManyOpen.selector, STREAM));
        voidIt(1);
        _put(1, START + SPAN, 0, address(0), type(uint8).max - 1);
        dispute(1);
        assertEq(book.openDisputes(STREAM), type(uint8).max, "as many as can be");
        voidIt(1);
        assertEq(book.openDisputes(STREAM), type(uint8).max, "still one of them");
    }
}
