// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LineCheck} from "../../src/disputes/LineCheck.sol";
import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {Pedersen} from "../../src/libraries/Pedersen.sol";
import {DisputeKit} from "./DisputeKit.sol";

/// @title Statements with lines of their own, in an open stream or in one with commitments.
abstract contract LineKit is DisputeKit {
    struct Line {
        uint16 row;
        uint128 price;
        uint64 per;
        uint128 quantity;
        uint128 amount;
        uint8 prefix;
        uint256 number;
    }

    uint64 internal gross;

    function add(Line memory l) internal {
        bytes memory head = abi.encodePacked(uint8(0), l.row, l.price, l.per, l.quantity, l.amount);
        lines = bytes.concat(lines, head, abi.encodePacked(l.prefix, l.number));
    }

    /// @dev An honest line of an open stream.
    function lineOf(uint16 row, uint128 price, uint64 per, uint128 quantity) internal returns (Line memory) {
        uint128 amount = uint128(uint256(price) * quantity / per);
        gross += uint64(amount);
        return Line(row, price, per, quantity, amount, 0, quantity);
    }

    function stated(uint16 version) internal view returns (IStatementBook.Statement memory s) {
        s = statement(version);
        s.gross = gross;
    }

    function anchorWithLines() internal {
        anchorBy(QUORUM, batchOf(SPAN, 0, true));
        attest(stated(1));
    }

    function expectProof(bytes memory reason) internal {
        IStatementBook.Statement memory s = stated(book.recordOf(STREAM, disputed).version);
        vm.expectRevert(reason);
        chamber.proveLines(s, lines);
    }

    function prove() internal returns (bytes32) {
        IStatementBook.Statement memory s = stated(book.recordOf(STREAM, disputed).version);
        vm.prank(mallory);
        return chamber.proveLines(s, lines);
    }
}

contract ProveLinesTest is LineKit {
    /* GIVEN A FAULT */

    function test_ALineOfAnotherRow() public {
        add(lineOf(1, 540_000, 1_000, 9_001));
        _assertFault(IObjectiveDisputes.Fault.WrongLine);
    }

    function test_AQuantityUnlikeItsField() public {
        Line memory line = lineOf(0, 540_000, 1_000, 9_001);
        line.number += 1;
        add(line);
        _assertFault(IObjectiveDisputes.Fault.WrongQuantity);
    }

    function test_ACommitmentInAnOpenStream() public {
        Line memory line = lineOf(0, 540_000, 1_000, 9_001);
        line.prefix = 2;
        add(line);
        _assertFault(IObjectiveDisputes.Fault.WrongQuantity);
    }

    function test_AnAmountRoundedUp() public {
        Line memory line = lineOf(0, 1, 1_000, 1_999);
        line.amount += 1;
        gross += 1;
        add(line);
        _assertFault(IObjectiveDisputes.Fault.WrongAmount);
    }

    function test_APriceForNothing() public {
        Line memory line = lineOf(0, 1, 1, 5);
        line.per = 0;
        add(line);
        _assertFault(IObjectiveDisputes.Fault.WrongAmount);
    }

    function test_ATotalUnlikeTheSum() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        add(lineOf(1, 380_000, 1_000, 12_345));
        gross += 1;
        _assertFault(IObjectiveDisputes.Fault.WrongTotal);
    }

    function test_TheSuccessorWithRightLinesStandsAndSettles() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        uint64 right = gross;
        gross += 1_000;
        anchorWithLines();
        prove();
        gross = right;
        vm.warp(NOW + 1 days);
        attest(stated(2));
        expectProof(abi.encodeWithSelector(IObjectiveDisputes.NoFault.selector));
        vm.warp(NOW + 1 days + WINDOW);
        consume(1);
        consume(2);
        (uint64 distributable,) = consume(disputed);
        assertEq(uint256(distributable), right - 1, "distributable");
    }

    /* GIVEN NO FAULT */

    function testFuzz_RevertWhen_TheLinesAreHonest(uint64 price, uint64 per, uint64 quantity, uint256 rows) public {
        rows = bound(rows, 0, 6);
        for (uint16 row; row < rows; ++row) {
            // Six lines of at most 1.9e18 add up to a gross of 64 bits.
            add(lineOf(row, uint128(bound(price, 0, 1e9)), uint64(bound(per, 1, 1e12)), quantity / 1e10 + row));
        }
        anchorBy(QUORUM, batchOf(SPAN, 0, true));
        IStatementBook.Statement memory s = stated(1);
        if (rows == 0) s.linesRoot = keccak256("");
        s.adjustments = 0;
        attest(s);
        expectNoFault();
        chamber.proveLines(s, lines);
    }

    function test_RevertWhen_TheStatementIsNotTheNewest() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        gross += 1;
        anchorWithLines();
        IStatementBook.Statement memory s = stated(1);
        s.version = 2;
        attest(s);
        bytes32 stored = book.digestOf(STREAM, disputed);
        s.version = 1;
        vm.expectRevert(
            abi.encodeWithSelector(IObjectiveDisputes.NotTheStatement.selector, stored, book.hashStatement(s))
        );
        chamber.proveLines(s, lines);
    }

    function test_RevertWhen_TheLinesAreOfAnotherStatement() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        anchorWithLines();
        IStatementBook.Statement memory s = stated(1);
        bytes memory other = lines;
        other[50] ^= 0x01;
        vm.expectPartialRevert(IObjectiveDisputes.NotTheLines.selector);
        chamber.proveLines(s, other);
    }

    function test_RevertWhen_ALineIsCut() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        anchorWithLines();
        IStatementBook.Statement memory s = stated(1);
        bytes memory cut = bytes.concat(lines, hex"00");
        vm.expectRevert(abi.encodeWithSelector(LineCheck.NotLines.selector, 93));
        chamber.proveLines(s, cut);
    }

    function test_RevertWhen_ProvenBefore() public {
        add(lineOf(0, 540_000, 1_000, 9_001));
        gross += 1;
        anchorWithLines();
        bytes32 fault = prove();
        expectProof(abi.encodeWithSelector(IObjectiveDisputes.ProvenBefore.selector, fault));
    }

    function _assertFault(IObjectiveDisputes.Fault kind) private {
        anchorWithLines();
        assertProven(prove(), kind);
    }
}

/// @title Commitments made by the platform's own code: to 9 000 and 21 000, and nothing in between.
contract ProveOpeningTest is LineKit {
    uint256 private constant PEAK = 0xd6f4248e0f0422505c7afb9d5c64e9f00b2a7a1bfae4aa3879a5f610352b0fb9;
    uint256 private constant VALLEY = 0x9db97bec20542e75696db24211021ccb54a4ae350797888bfdb734f2eca66513;
    // Opens to 9 001 with PEAK's blinding.
    uint256 private constant PEAK_AND_ONE = 0x0b20ae83a176b8c87d6bdbd716b87db883f294e07cdabd02e00995eb5a07626f;
    uint256 private constant VALUE = 9_270_000_000;
    uint256 private constant BLINDING = 0x400000000000000000095ffffffae1236455a1737e32623a88d23547799c69ff;

    function test_AQuantityThatIsNotTheCommittedOne() public {
        _state(9_001, 21_000);
        assertProven(_prove(VALUE, BLINDING), IObjectiveDisputes.Fault.WrongOpening);
    }

    function test_OneEcrecoverConfirmsTheTotal() public {
        _state(9_000, 21_000);
        assertTrue(chamber.opensTotal(lines, VALUE, BLINDING), "opens");
        assertFalse(chamber.opensTotal(lines, VALUE + 1, BLINDING), "another value");
        assertFalse(chamber.opensTotal(lines, VALUE, BLINDING + 1), "another blinding");
        assertFalse(chamber.opensTotal(lines, VALUE + Pedersen.N, BLINDING), "a value beyond the order");
    }

    function test_RevertWhen_TheQuantitiesAreTheCommittedOnes() public {
        _state(9_000, 21_000);
        _expectProof(abi.encodeWithSelector(IObjectiveDisputes.NoFault.selector), VALUE);
    }

    function test_RevertWhen_TheNumbersDoNotOpenIt() public {
        _state(9_001, 21_000);
        _expectProof(abi.encodeWithSelector(IObjectiveDisputes.NotOpened.selector), VALUE + 540_000);
    }

    function test_RevertWhen_TheFieldIsNoPoint() public {
        add(Line(0, 540_000, 1_000, 5, 2_700, 2, type(uint256).max));
        gross = 2_700;
        anchorWithLines();
        _expectProof(abi.encodeWithSelector(Pedersen.NotAPoint.selector, 2, type(uint256).max), VALUE);
    }

    function test_EqualCommitmentsAreDoubled() public {
        // 2 × the same line: the sum needs a doubling where an addition would fail.
        add(Line(0, 1, 1, 9_000, 9_000, 2, PEAK));
        add(Line(1, 1, 1, 9_000, 9_000, 2, PEAK));
        assertTrue(chamber.opensTotal(lines, 18_000, mulmod(2, _peakBlinding(), Pedersen.N)), "doubled");
    }

    function test_OppositeCommitmentsCancel() public {
        add(Line(0, 1, 1, 9_000, 9_000, 2, PEAK));
        add(Line(1, 1, 1, 9_000, 9_000, 3, PEAK));
        assertFalse(chamber.opensTotal(lines, 0, _peakBlinding()), "infinity opens to nothing");
        add(Line(2, 1, 1, 9_001, 9_001, 3, PEAK_AND_ONE));
        assertTrue(chamber.opensTotal(lines, 9_001, _peakBlinding()), "what is left");
    }

    function test_ALineAloneOpens() public {
        add(Line(0, 1, 1, 9_001, 9_001, 3, PEAK_AND_ONE));
        assertTrue(chamber.opensTotal(lines, 9_001, _peakBlinding()), "opens");
    }

    function _peakBlinding() private pure returns (uint256) {
        return uint256(0x1234567890abcdef) << 100;
    }

    function _state(uint128 peak, uint128 valley) private {
        add(_committed(0, 540_000, peak, 2, PEAK));
        add(_committed(1, 380_000, 0, 0, 0));
        add(_committed(2, 210_000, valley, 3, VALLEY));
        anchorWithLines();
    }

    function _committed(uint16 row, uint128 price, uint128 quantity, uint8 prefix, uint256 number)
        private
        returns (Line memory line)
    {
        line = lineOf(row, price, 1_000, quantity);
        (line.prefix, line.number) = (prefix, number);
    }

    function _expectProof(bytes memory reason, uint256 value) private {
        IStatementBook.Statement memory s = stated(1);
        vm.expectRevert(reason);
        chamber.proveOpening(s, lines, value, BLINDING);
    }

    function _prove(uint256 value, uint256 blinding) private returns (bytes32) {
        IStatementBook.Statement memory s = stated(1);
        vm.prank(mallory);
        return chamber.proveOpening(s, lines, value, blinding);
    }
}
