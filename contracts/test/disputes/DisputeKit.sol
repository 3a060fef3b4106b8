// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HeadChain} from "../../src/disputes/HeadChain.sol";
import {ObjectiveDisputes} from "../../src/disputes/ObjectiveDisputes.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IMeterRegistry} from "../../src/interfaces/IMeterRegistry.sol";
import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {MeterRegistry} from "../../src/telemetry/MeterRegistry.sol";
import {StatementKit} from "../statements/StatementKit.sol";

/// @title The cheatcode that knows public keys of secp256k1.
interface Wallets {
    struct Wallet {
        address account;
        uint256 x;
        uint256 y;
        uint256 key;
    }

    function createWallet(uint256 key) external returns (Wallet memory);
}

/// @title A third period of two batches with real readings of two meters, one for each curve, and its statement.
/// @dev Trees and paths are built here by recursion, as RFC 9162 defines them, not as the contracts compute them.
abstract contract DisputeKit is StatementKit {
    uint64 internal constant K1 = 11;
    uint64 internal constant R1 = 12;
    uint32 internal constant HOUR = 3_600;
    uint8 internal constant INTERVAL = 0;
    uint8 internal constant SESSION = 1;
    uint8 internal constant MONEY = 2;

    struct Draft {
        uint256 quantity;
        bytes32 record;
        uint32 stream;
        uint64 seq;
        uint64 end;
        uint32 duration;
        uint64 meter;
        uint8 kind;
        uint8 rev;
    }

    // The period whose batches are real.
    uint32 internal disputed = 3;
    MeterRegistry internal meters;
    ObjectiveDisputes internal chamber;

    // The batches of period 3 as they will be anchored.
    Draft[] internal first;
    Draft[] internal second;
    ITelemetryAnchor.Cursor[3] internal cursors;
    ITelemetryAnchor.Batch[2] internal batches;
    bytes internal lines;

    constructor() {
        meters = new MeterRegistry(address(authority));
        allow(address(meters), meters.register.selector, Roles.ORACLE_ADMIN);
        allow(address(meters), meters.rotateKey.selector, Roles.ORACLE_ADMIN);
        allow(address(meters), meters.calibrate.selector, Roles.ORACLE_ADMIN);
        chamber = new ObjectiveDisputes(book, meters);
        vm.prank(admin);
        book.setChamber(address(chamber));
        register(K1, STREAM, NOW + 365 days);
        register(R1, STREAM, NOW + 365 days);
        attest(statementOf(1, 1));
        attest(statementOf(2, 1));
        cursors[0] = cursor;
        draftPeriod();
    }

    /* METERS */

    function register(uint64 id, uint32 stream, uint40 calibratedUntil) internal {
        IMeterRegistry.Registration[] memory list = new IMeterRegistry.Registration[](1);
        (IMeterRegistry.Scheme scheme, bytes32 x, bytes32 y) = keyOfMeter(id, "meter");
        list[0] = IMeterRegistry.Registration(id, stream, scheme, START, calibratedUntil, x, y, bytes32(0));
        vm.prank(oracleAdmin);
        meters.register(list);
    }

    function rotate(uint64 id, uint40 validFrom, string memory name) internal {
        (IMeterRegistry.Scheme scheme, bytes32 x, bytes32 y) = keyOfMeter(id, name);
        vm.prank(oracleAdmin);
        meters.rotateKey(id, scheme, validFrom, x, y);
    }

    /// @dev Public key of a meter; odd ids have secp256k1 keys, even ones P-256 keys.
    function keyOfMeter(uint64 id, string memory name)
        internal
        returns (IMeterRegistry.Scheme scheme, bytes32 x, bytes32 y)
    {
        uint256 key = keyOf(string.concat(name, vm.toString(id)));
        if (id % 2 == 0) {
            (uint256 px, uint256 py) = vm.publicKeyP256(key);
            return (IMeterRegistry.Scheme.DeviceP256, bytes32(px), bytes32(py));
        }
        Wallets.Wallet memory wallet = Wallets(address(vm)).createWallet(key);
        return (IMeterRegistry.Scheme.DeviceSecp256k1, bytes32(wallet.x), bytes32(wallet.y));
    }

    /// @dev Payload ‖ signature.
    function recordOf(uint64 id, string memory name, bytes memory payload) internal pure returns (bytes memory) {
        uint256 key = keyOf(string.concat(name, vm.toString(id)));
        bytes32 digest = sha256(payload);
        if (id % 2 == 0) {
            (bytes32 pr, bytes32 ps) = vm.signP256(key, digest);
            return bytes.concat(payload, pr, ps);
        }
        (, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return bytes.concat(payload, r, s);
    }

    function goodRecord(uint64 id) internal pure returns (bytes memory) {
        return recordOf(id, "meter", payloadOf(id));
    }

    function payloadOf(uint64 id) internal pure returns (bytes memory) {
        return bytes(string.concat("usufruct/meter-day/1\nVPP\nmeter-", vm.toString(id), "\n2025-12-22\n"));
    }

    /* READINGS */

    /// @dev An honest reading of the first (0) or second (1) batch that ends `hour` hours after its start.
    function draft(uint256 batch, uint64 id, uint64 hour) internal view returns (Draft memory d) {
        uint64 start = uint64(cursors[0].to) + uint64(batch) * SPAN / 2;
        d = Draft(1_000 + hour, sha256(goodRecord(id)), STREAM, 0, start + hour * HOUR, HOUR, id, INTERVAL, 0);
    }

    /// @dev Three hours of both meters in the first batch, two in the second.
    function draftPeriod() internal {
        for (uint64 hour = 1; hour <= 3; ++hour) {
            first.push(draft(0, K1, hour));
            first.push(draft(0, R1, hour));
            if (hour == 3) continue;
            second.push(draft(1, K1, hour));
            second.push(draft(1, R1, hour));
        }
        number();
    }

    /// @dev Another period passes first, so that what is scheduled now is in force in the disputed one.
    function skipPeriod() internal {
        vm.warp(vm.getBlockTimestamp() + 2 * SPAN);
        closePeriod();
        attest(statementOf(disputed++, 1));
        cursors[0] = cursor;
        delete first;
        delete second;
        draftPeriod();
    }

    /// @dev Gives the drafts their numbers.
    function number() internal {
        for (uint64 i; i < first.length; ++i) {
            first[i].seq = cursors[0].next + i;
        }
        for (uint64 i; i < second.length; ++i) {
            second[i].seq = cursors[0].next + uint64(first.length) + i;
        }
    }

    function encode(Draft memory d) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(hex"0000", d.quantity, d.record, d.stream, d.seq, d.end);
        return bytes.concat(head, abi.encodePacked(d.duration, d.meter, d.kind, uint8(0), d.rev, uint8(1)));
    }

    function leavesOf(Draft[] storage drafts) internal view returns (bytes[] memory leaves) {
        leaves = new bytes[](drafts.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = encode(drafts[i]);
        }
    }

    /* TREES */

    function treeRoot(bytes[] memory leaves, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (from == to) return keccak256("");
        if (to - from == 1) return keccak256(leaves[from]);
        uint256 middle = from + split(to - from);
        return keccak256(bytes.concat(hex"01", treeRoot(leaves, from, middle), treeRoot(leaves, middle, to)));
    }

    /// @dev The leaf at `index` of leaves[from:to] with its path.
    function proofOf(bytes[] memory leaves, uint256 index) internal pure returns (IObjectiveDisputes.Reading memory r) {
        r.leaf = leaves[index];
        (uint256 from, uint256 to, uint256 depth) = (0, leaves.length, 0);
        bytes32[] memory down = new bytes32[](40);
        while (to - from > 1) {
            uint256 middle = from + split(to - from);
            r.turns <<= 1;
            if (index < middle) {
                down[depth++] = treeRoot(leaves, middle, to);
                to = middle;
            } else {
                r.turns |= 1;
                down[depth++] = treeRoot(leaves, from, middle);
                from = middle;
            }
        }
        r.path = new bytes32[](depth);
        for (uint256 i; i < depth; ++i) {
            r.path[i] = down[depth - 1 - i];
        }
    }

    function split(uint256 n) internal pure returns (uint256 k) {
        k = 1;
        while (2 * k < n) k *= 2;
    }

    /* ANCHORING */

    /// @dev Anchors both batches as drafted and attests the period's statement.
    function anchorPeriod() internal {
        anchorPeriodOf(uint32(first.length), uint32(second.length));
    }

    function anchorPeriodOf(uint32 countOfFirst, uint32 countOfSecond) internal {
        batches[0] = batchOf(SPAN / 2, countOfFirst, false);
        batches[0].root = treeRoot(leavesOf(first), 0, first.length);
        anchorBy(QUORUM, batches[0]);
        cursors[1] = cursor;
        batches[1] = batchOf(SPAN / 2, countOfSecond, true);
        batches[1].root = treeRoot(leavesOf(second), 0, second.length);
        anchorBy(QUORUM, batches[1]);
        cursors[2] = cursor;
        attest(statement(1));
    }

    /// @dev Statement of period 3 over `lines`, or over anything if there are none.
    function statement(uint16 version) internal view returns (IStatementBook.Statement memory s) {
        s = statementOf(disputed, version);
        if (lines.length != 0) s.linesRoot = linesRoot();
    }

    function linesRoot() internal view returns (bytes32) {
        bytes[] memory leaves = new bytes[](lines.length / 92);
        bytes memory all = lines;
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = new bytes(92);
            for (uint256 j; j < 92; ++j) {
                leaves[i][j] = all[92 * i + j];
            }
        }
        return treeRoot(leaves, 0, leaves.length);
    }

    /* EVIDENCE */

    /// @dev The period's batches from the last one back to `batch`.
    function evidenceOf(uint256 batch) internal view returns (IObjectiveDisputes.Evidence memory e) {
        e.stream = STREAM;
        e.period = disputed;
        e.seq = cursors[2].seq;
        e.links = new HeadChain.Link[](2 - batch);
        for (uint256 i; i < e.links.length; ++i) {
            e.links[i] = linkOf(batches[1 - i], cursors[1 - i]);
        }
    }

    function linkOf(ITelemetryAnchor.Batch memory b, ITelemetryAnchor.Cursor memory from)
        internal
        pure
        returns (HeadChain.Link memory)
    {
        return HeadChain.Link(headOf(from), from.to, b.to, from.next, b.count, b.closes, b.root, b.content);
    }

    function readingOf(uint256 batch, uint256 index) internal view returns (IObjectiveDisputes.Reading memory) {
        return proofOf(leavesOf(batch == 0 ? first : second), index);
    }

    function prove(uint256 batch, uint256 index) internal returns (bytes32) {
        vm.prank(mallory);
        return chamber.proveReading(evidenceOf(batch), readingOf(batch, index));
    }

    /* EXPECTATIONS */

    function assertProven(bytes32 fault, IObjectiveDisputes.Fault kind) internal view {
        IObjectiveDisputes.Proven memory proven = chamber.provenOf(fault);
        assertEq(uint256(proven.kind), uint256(kind), "kind");
        assertEq(proven.challenger, mallory, "challenger");
        assertEq(uint256(proven.stream), STREAM, "stream");
        assertEq(uint256(proven.period), disputed, "period");
        assertEq(uint256(book.recordOf(STREAM, disputed).status), uint256(IStatementBook.Status.Voided), "status");
        assertEq(book.openDisputes(STREAM), 1, "open disputes");
    }

    function expectNoFault() internal {
        vm.expectRevert(IObjectiveDisputes.NoFault.selector);
    }

    function expectProvenBefore(bytes32 fault) internal {
        vm.expectRevert(abi.encodeWithSelector(IObjectiveDisputes.ProvenBefore.selector, fault));
    }
}
