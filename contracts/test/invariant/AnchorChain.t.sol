// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "../telemetry/TelemetryKit.sol";

/// @title Workers that anchor, repeat, skip and forge, and an account of what was taken.
contract AnchorActors is TelemetryKit {
    ITelemetryAnchor.Cursor[] public past;
    uint256 public readings;
    uint40[] public closings;
    mapping(uint40 boundary => bytes32) public headAtClosing;

    constructor() {
        useSigners(7, 3);
    }

    /* ACTIONS */

    function anchorNext(uint40 span, uint32 count, bool closes, uint256 bitmap) external {
        vm.warp(vm.getBlockTimestamp() + 900);
        span = uint40(bound(span, 1, vm.getBlockTimestamp() - cursor.to));
        past.push(cursor);
        bytes32 head = anchorBy(0x7 | (bitmap & 0x7f), batchOf(span, count, closes));
        readings += count;
        if (!closes) return;
        closings.push(cursor.to);
        headAtClosing[cursor.to] = head;
    }

    function repeat(uint256 which, uint40 span) external {
        if (past.length == 0) return;
        ITelemetryAnchor.Cursor memory old = past[which % past.length];
        ITelemetryAnchor.Batch memory batch = batchOf(0, 1, true);
        batch.to = uint40(bound(span, old.to + 1, vm.getBlockTimestamp()));
        _expectRefused(batch, old, 0x7);
    }

    function skip(uint64 gap) external {
        ITelemetryAnchor.Cursor memory ahead = cursor;
        ahead.next += uint64(bound(gap, 1, 1000));
        _expectRefused(batchOf(1, 1, true), ahead, 0x7);
    }

    function anchorWithTooFew(uint256 bitmap) external {
        bitmap &= 0x3;
        _expectRefused(batchOf(1, 1, true), cursor, bitmap);
    }

    /* VIEWS */

    function position() external view returns (ITelemetryAnchor.Cursor memory) {
        return cursor;
    }

    function anchoredHead() external view returns (bytes32) {
        return oracle.headOf(STREAM);
    }

    function anchoredHeadAt(uint40 boundary) external view returns (bytes32) {
        return oracle.headAt(STREAM, boundary);
    }

    function counts() external view returns (uint256 batches, uint256 closed) {
        return (past.length, closings.length);
    }

    /* HELPERS */

    function _expectRefused(ITelemetryAnchor.Batch memory batch, ITelemetryAnchor.Cursor memory from, uint256 bitmap)
        private
    {
        bytes memory signatures = signedBy(bitmap, digestOf(batch, from));
        (bool ok,) = address(oracle).call(abi.encodeCall(oracle.anchor, (batch, from, bitmap, signatures)));
        assertFalse(ok, "accepted");
    }
}

/// @title Whatever the workers try, the chain has no gap, no overlap and no duplicate.
contract AnchorChainInvariants is TelemetryKit {
    AnchorActors internal actors;

    function setUp() public {
        actors = new AnchorActors();
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = actors.anchorNext.selector;
        selectors[1] = actors.repeat.selector;
        selectors[2] = actors.skip.selector;
        selectors[3] = actors.anchorWithTooFew.selector;
        targetContract(address(actors));
        targetSelectors(address(actors), selectors);
    }

    /// @dev head = hash(cursor), where the cursor moved only by accepted batches.
    function invariant_TheHeadIsTheHashOfThePosition() public view {
        assertEq(actors.anchoredHead(), headOf(actors.position()), "head");
    }

    /// @dev seq = number of batches; next = Σ count; each batch starts where the one before ended.
    function invariant_ThePositionIsContiguous() public view {
        (uint256 batches,) = actors.counts();
        ITelemetryAnchor.Cursor memory position = actors.position();
        assertEq(uint256(position.seq), batches, "seq");
        assertEq(uint256(position.next), actors.readings(), "next");
        for (uint256 i; i < batches; ++i) {
            (, uint32 seq, uint40 to, uint64 next) = actors.past(i);
            assertEq(uint256(seq), i, "seq of batch");
            assertLt(uint256(to), i + 1 < batches ? _toAt(i + 1) : position.to, "to of batch");
            assertLe(uint256(next), i + 1 < batches ? _nextAt(i + 1) : position.next, "next of batch");
        }
    }

    /// @dev A head kept at a boundary never changes, and there is none elsewhere.
    function invariant_BoundariesKeepTheirHeads() public view {
        (uint256 batches, uint256 closed) = actors.counts();
        for (uint256 i; i < closed; ++i) {
            uint40 boundary = actors.closings(i);
            assertEq(actors.anchoredHeadAt(boundary), actors.headAtClosing(boundary), "boundary");
        }
        for (uint256 i = 1; i < batches; ++i) {
            uint40 to = _toAt(i);
            if (actors.headAtClosing(to) == 0) assertEq(actors.anchoredHeadAt(to), bytes32(0), "no boundary");
        }
    }

    function _toAt(uint256 index) private view returns (uint40 to) {
        (,, to,) = actors.past(index);
    }

    function _nextAt(uint256 index) private view returns (uint64 next) {
        (,,, next) = actors.past(index);
    }
}
