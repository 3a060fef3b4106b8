// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "./TelemetryKit.sol";

contract AnchorTest is TelemetryKit {
    uint256 internal constant QUORUM = 0x7;

    function setUp() public {
        useSigners(7, 3);
    }

    /* WHEN THE BATCH CONTINUES FROM THE HEAD */

    function test_MovesTheHead() public {
        ITelemetryAnchor.Batch memory batch = batchOf(900, 12, false);
        bytes32 expected = headOf(follow(batch, cursor));
        assertEq(anchorBy(QUORUM, batch), expected, "returned head");
        assertEq(oracle.headOf(STREAM), expected, "stored head");
    }

    function test_EmitsWhatWasAnchored() public {
        anchorBy(QUORUM, batchOf(900, 5, false));
        ITelemetryAnchor.Batch memory batch = batchOf(1800, 12, true);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.expectEmit(address(oracle));
        emit ITelemetryAnchor.BatchAnchored({
            stream: STREAM,
            seq: 2,
            from: START + 900,
            to: START + 2700,
            first: 5,
            count: 12,
            closes: true,
            root: batch.root,
            content: batch.content,
            head: headOf(follow(batch, cursor))
        });
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_KeepsTheHeadOfAClosingBatch() public {
        bytes32 head = anchorBy(QUORUM, batchOf(900, 5, true));
        anchorBy(QUORUM, batchOf(900, 5, false));
        assertEq(oracle.headAt(STREAM, START + 900), head, "boundary");
    }

    function test_KeepsNoHeadOfAnOpenBatch() public {
        anchorBy(QUORUM, batchOf(900, 5, false));
        assertEq(oracle.headAt(STREAM, START + 900), bytes32(0), "boundary");
    }

    function test_TakesABatchWithoutReadings() public {
        anchorBy(QUORUM, batchOf(900, 0, false));
        assertEq(oracle.headOf(STREAM), headOf(cursor), "head");
        assertEq(uint256(cursor.next), 0, "next");
    }

    function test_TakesAWindowThatEndsNow() public {
        anchorBy(QUORUM, batchOf(NOW - START, 1, true));
        assertEq(oracle.headAt(STREAM, NOW), headOf(cursor), "boundary");
    }

    function test_TakesMoreSignaturesThanNeeded() public {
        anchorBy(0x7f, batchOf(900, 1, false));
        assertEq(oracle.headOf(STREAM), headOf(cursor), "head");
    }

    function test_KeepsStreamsApart() public {
        bytes32 other = headOf(openChain(STREAM + 1, START));
        anchorBy(QUORUM, batchOf(900, 1, false));
        assertEq(oracle.headOf(STREAM + 1), other, "other head");
    }

    /* WHEN IT DOES NOT */

    function test_RevertWhen_AnchoredAlready() public {
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        ITelemetryAnchor.Cursor memory before = cursor;
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, before));
        oracle.anchor(batch, before, QUORUM, signatures);
        _expectStale(headOf(follow(batch, before)), headOf(before));
        oracle.anchor(batch, before, QUORUM, signatures);
    }

    function test_RevertWhen_BatchIsMissing() public {
        bytes32 current = headOf(cursor);
        cursor = follow(batchOf(900, 1, false), cursor);
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        _expectStale(current, headOf(cursor));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_RevertWhen_StreamUnknown() public {
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        batch.stream = STREAM + 1;
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.UnknownStream.selector, STREAM + 1));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_RevertWhen_SignedForAnotherStream() public {
        openChain(STREAM + 1, START);
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        batch.stream = STREAM + 1;
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_RevertWhen_WindowIsEmpty() public {
        _expectWindowRefused(batchOf(0, 1, false));
    }

    function test_RevertWhen_WindowEndsBeforeItsStart() public {
        ITelemetryAnchor.Batch memory batch = batchOf(0, 1, false);
        batch.to = START - 1;
        _expectWindowRefused(batch);
    }

    function test_RevertWhen_WindowEndsInTheFuture() public {
        _expectWindowRefused(batchOf(NOW - START + 1, 1, false));
    }

    function test_RevertWhen_Paused() public {
        vm.prank(pauser);
        oracle.setPaused(true);
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.expectRevert(ITelemetryAnchor.Paused.selector);
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_GoesOnAfterAPause() public {
        vm.prank(pauser);
        oracle.setPaused(true);
        vm.prank(pauser);
        oracle.setPaused(false);
        anchorBy(QUORUM, batchOf(900, 1, false));
        assertEq(oracle.headOf(STREAM), headOf(cursor), "head");
    }

    function test_RevertWhen_SignedForAnotherChain() public {
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.chainId(block.chainid + 1);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    function test_RevertWhen_CountOverflowsTheReadingNumber() public {
        // The position is reached by writing its head, since 2^64 readings cannot be anchored here.
        cursor.next = type(uint64).max;
        vm.store(address(oracle), keccak256(abi.encode(STREAM, 5)), headOf(cursor));
        assertEq(oracle.headOf(STREAM), headOf(cursor), "head");
        ITelemetryAnchor.Batch memory batch = batchOf(900, 1, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }

    /* FUZZ */

    /// @dev Any sequence of batches ends where an independent computation ends, and no earlier cursor works.
    function testFuzz_HeadFollowsTheBatches(uint256 seed, uint256 length) public {
        length = bound(length, 1, 10);
        ITelemetryAnchor.Cursor[] memory past = new ITelemetryAnchor.Cursor[](length);
        for (uint256 i; i < length; ++i) {
            past[i] = cursor;
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            ITelemetryAnchor.Batch memory batch =
                batchOf(uint40(1 + dice % 1 days), uint32(dice >> 64), (dice >> 128) & 1 == 1);
            assertEq(anchorBy(QUORUM << (dice % 4), batch), headOf(cursor), "returned head");
            assertEq(oracle.headOf(STREAM), headOf(cursor), "stored head");
            assertEq(oracle.headAt(STREAM, batch.to), batch.closes ? headOf(cursor) : bytes32(0), "boundary");
        }
        _refuseAll(past);
    }

    /// @dev A cursor that differs from the present one in any bit, used or not, is stale.
    function testFuzz_RevertWhen_CursorDiffers(uint256 bit) public {
        bit = bound(bit, 0, 4 * 256 - 1);
        anchorBy(QUORUM, batchOf(900, 7, false));
        ITelemetryAnchor.Batch memory batch = batchOf(900, 7, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        bytes memory input = abi.encodeCall(oracle.anchor, (batch, cursor, QUORUM, signatures));
        // The cursor's four words follow the selector and the batch's six.
        input[4 + 6 * 32 + bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        (bool ok, bytes memory reason) = address(oracle).call(input);
        assertFalse(ok, "accepted");
        assertEq(bytes32(bytes4(reason)), bytes32(ITelemetryAnchor.StaleHead.selector), "reason");
    }

    /// @dev No bit of what was signed may change.
    function testFuzz_RevertWhen_BatchDiffers(uint256 bit) public {
        bit = bound(bit, 0, 6 * 256 - 1);
        ITelemetryAnchor.Batch memory batch = batchOf(900, 7, false);
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        bytes memory input = abi.encodeCall(oracle.anchor, (batch, cursor, QUORUM, signatures));
        input[4 + bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        (bool ok,) = address(oracle).call(input);
        assertFalse(ok, "accepted");
        assertEq(oracle.headOf(STREAM), headOf(cursor), "head moved");
    }

    /* HELPERS */

    function _refuseAll(ITelemetryAnchor.Cursor[] memory past) private {
        ITelemetryAnchor.Batch memory batch = batchOf(1, 1, false);
        for (uint256 i; i < past.length; ++i) {
            batch.to = past[i].to + 1;
            bytes memory signatures = signedBy(QUORUM, digestOf(batch, past[i]));
            _expectStale(headOf(cursor), headOf(past[i]));
            oracle.anchor(batch, past[i], QUORUM, signatures);
        }
    }

    function _expectStale(bytes32 current, bytes32 given) private {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.StaleHead.selector, STREAM, current, given));
    }

    function _expectWindowRefused(ITelemetryAnchor.Batch memory batch) private {
        bytes memory signatures = signedBy(QUORUM, digestOf(batch, cursor));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.InvalidWindow.selector, STREAM, cursor.to, batch.to));
        oracle.anchor(batch, cursor, QUORUM, signatures);
    }
}
