// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {DisputeKit} from "./DisputeKit.sol";

/// @title Whatever an honest oracle anchors, no submission shows a fault in it.
contract HonestTest is DisputeKit {
    /// @dev Random batches as protocol §2 and §4 allow them: any kind, gaps in time, revisions, sessions that reach back
    /// before the window, readings at its very end, keys that change within it.
    function testFuzz_AnHonestPeriodIsNeverVoided(uint256 seed, uint256 a, uint256 b) public {
        _draftHonestly(seed);
        vm.assume(first.length != 0 && second.length != 0);
        anchorPeriod();
        IObjectiveDisputes.Evidence memory older = evidenceOf(0);
        IObjectiveDisputes.Evidence memory newer = evidenceOf(1);
        IObjectiveDisputes.Reading memory x = readingOf(0, a % first.length);
        IObjectiveDisputes.Reading memory x2 = readingOf(0, b % first.length);
        IObjectiveDisputes.Reading memory y = readingOf(1, b % second.length);
        expectNoFault();
        chamber.proveReading(older, x);
        expectNoFault();
        chamber.proveReading(newer, y);
        expectNoFault();
        chamber.provePair(older, 0, y, x);
        if (a % first.length != b % first.length) {
            expectNoFault();
            chamber.provePair(older, 1, x, x2);
        }
        bytes memory record = goodRecord(first[a % first.length].meter);
        expectNoFault();
        chamber.proveRecord(older, x, record);
        record = goodRecord(second[b % second.length].meter);
        expectNoFault();
        chamber.proveRecord(newer, y, record);
    }

    function _draftHonestly(uint256 seed) private {
        delete first;
        delete second;
        uint8 kind = uint8(seed % 3);
        for (uint256 batch; batch < 2; ++batch) {
            uint64 from = uint64(cursors[0].to) + uint64(batch) * SPAN / 2;
            uint64 last = from;
            uint256 count = 1 + uint256(keccak256(abi.encode(seed, batch))) % 9;
            for (uint256 i; i < count; ++i) {
                uint256 dice = uint256(keccak256(abi.encode(seed, batch, i)));
                uint64 end = i + 1 == count && dice % 4 == 0 ? from + SPAN / 2 : last + 1 + uint64(dice % 30_000);
                if (end > from + SPAN / 2) break;
                // Meters take turns, so that one's readings follow one another.
                uint64 id = (dice >> 32) % 2 == 0 ? K1 : R1;
                _push(batch, _honest(id, end, uint32(end - last), kind, 0));
                if ((dice >> 64) % 4 == 0) _push(batch, _honest(id, end, uint32(end - last), kind, 1));
                last = end;
            }
        }
        number();
    }

    function _honest(uint64 id, uint64 end, uint32 duration, uint8 kind, uint8 rev)
        private
        pure
        returns (Draft memory)
    {
        return Draft(end % 977, sha256(goodRecord(id)), STREAM, 0, end, duration, id, kind, rev);
    }

    function _push(uint256 batch, Draft memory d) private {
        if (batch == 0) first.push(d);
        else second.push(d);
    }
}

/// @title Trees of every small size, and places that exist in none.
contract PlaceTest is DisputeKit {
    function testFuzz_EveryLeafIsFoundWhereItIs(uint256 size, uint256 index) public {
        size = bound(size, 1, 65);
        index = bound(index, 0, size - 1);
        _fill(size);
        anchorPeriod();
        expectNoFault();
        prove(0, index);
    }

    /// @dev A count that is not the tree's always shows at some leaf, at the last or before it.
    function testFuzz_AWrongCountShowsAtSomeLeaf(uint256 size, uint256 counted) public {
        size = bound(size, 1, 20);
        counted = bound(counted, 0, 24);
        vm.assume(size != counted);
        _fill(size);
        anchorPeriodOf(uint32(counted), uint32(second.length));
        bool shown;
        for (uint256 i; i < size && !shown; ++i) {
            try chamber.proveReading(evidenceOf(0), readingOf(0, i)) {
                shown = true;
            } catch {}
        }
        assertTrue(shown, "no leaf shows it");
    }

    function _fill(uint256 size) private {
        delete first;
        for (uint64 i; i < size; ++i) {
            first.push(draft(0, i % 2 == 0 ? K1 : R1, 1 + i / 2));
        }
        number();
    }
}
