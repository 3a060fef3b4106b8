// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryAnchor} from "../../src/telemetry/TelemetryAnchor.sol";
import {Kit} from "../Kit.sol";

/// @title An anchor with one open stream, oracle signers, and an independent computation of digests and heads.
abstract contract TelemetryKit is Kit {
    uint32 internal constant STREAM = 7;
    uint40 internal constant START = NOW - 30 days;
    uint40 internal constant DELAY = 2 days;

    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    // Written out once more, so that a slip in the contract's own string shows.
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        abi.encodePacked(
            "Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,",
            "uint32 count,bool closes,bytes32 root,bytes32 content)"
        )
    );

    TelemetryAnchor internal oracle;
    // Ascending by address, as the table is.
    uint256[] internal keys;
    ITelemetryAnchor.Cursor internal cursor;

    constructor() {
        oracle = newOracle();
        keys = makeKeys("signer", 7);
        cursor = openChain(STREAM, START);
    }

    /* SET-UP */

    function newOracle() internal returns (TelemetryAnchor created) {
        created = new TelemetryAnchor(address(authority), DELAY);
        allow(address(created), created.openChain.selector, Roles.ORACLE_ADMIN);
        allow(address(created), created.scheduleSigners.selector, Roles.ORACLE_ADMIN);
        allow(address(created), created.setPaused.selector, Roles.PAUSER);
    }

    function openChain(uint32 stream, uint40 start) internal returns (ITelemetryAnchor.Cursor memory) {
        vm.prank(oracleAdmin);
        oracle.openChain(stream, start);
        return ITelemetryAnchor.Cursor({digest: 0, seq: 0, to: start, next: 0});
    }

    /// @dev `count` private keys, ascending by address.
    function makeKeys(string memory name, uint256 count) internal pure returns (uint256[] memory sorted) {
        sorted = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint256 key = keyOf(string.concat(name, vm.toString(i)));
            uint256 place = i;
            for (; place > 0 && vm.addr(sorted[place - 1]) > vm.addr(key); --place) {
                sorted[place] = sorted[place - 1];
            }
            sorted[place] = key;
        }
    }

    function addressesOf(uint256[] memory some) internal pure returns (address[] memory accounts) {
        accounts = new address[](some.length);
        for (uint256 i; i < some.length; ++i) {
            accounts[i] = vm.addr(some[i]);
        }
    }

    /// @dev Puts the first `count` keys in force with the given threshold.
    function useSigners(uint256 count, uint8 threshold) internal {
        uint256[] memory some = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            some[i] = keys[i];
        }
        vm.prank(oracleAdmin);
        oracle.scheduleSigners(addressesOf(some), threshold);
    }

    /// @dev Address of the signer table in force: the low 160 bits of the quorum's slot.
    function table() internal view returns (address) {
        return address(uint160(uint256(vm.load(address(oracle), bytes32(uint256(3))))));
    }

    /* BATCHES */

    /// @dev A batch of STREAM that ends `span` seconds after the cursor.
    function batchOf(uint40 span, uint32 count, bool closes) internal view returns (ITelemetryAnchor.Batch memory) {
        return ITelemetryAnchor.Batch({
            stream: STREAM,
            to: cursor.to + span,
            count: count,
            closes: closes,
            root: keccak256(abi.encode("root", cursor.seq, count)),
            content: keccak256(abi.encode("content", cursor.seq))
        });
    }

    function headOf(ITelemetryAnchor.Cursor memory position) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                position.digest,
                bytes32(uint256(position.seq)),
                bytes32(uint256(position.to)),
                bytes32(uint256(position.next))
            )
        );
    }

    function domainOf(address verifier) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Usufruct"), keccak256("1"), block.chainid, verifier));
    }

    function digestOf(ITelemetryAnchor.Batch memory batch, ITelemetryAnchor.Cursor memory from)
        internal
        view
        returns (bytes32)
    {
        bytes memory derived = abi.encode(BATCH_TYPEHASH, batch.stream, from.seq + 1, headOf(from), from.to, batch.to);
        bytes memory given = abi.encode(from.next, batch.count, batch.closes, batch.root, batch.content);
        bytes32 domain = domainOf(address(oracle));
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(derived, given))));
    }

    /// @dev Position after `batch`.
    function follow(ITelemetryAnchor.Batch memory batch, ITelemetryAnchor.Cursor memory from)
        internal
        view
        returns (ITelemetryAnchor.Cursor memory)
    {
        return ITelemetryAnchor.Cursor({
            digest: digestOf(batch, from), seq: from.seq + 1, to: batch.to, next: from.next + batch.count
        });
    }

    /* SIGNATURES */

    /// @dev Signatures of the keys whose bits are set, in ascending order.
    function signedBy(uint256 bitmap, bytes32 digest) internal view returns (bytes memory signatures) {
        for (uint256 i; i < keys.length; ++i) {
            if ((bitmap >> i) & 1 == 1) signatures = bytes.concat(signatures, compact(keys[i], digest));
        }
    }

    /// @dev r ‖ vs of EIP-2098.
    function compact(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return bytes.concat(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
    }

    /* ACTIONS */

    /// @dev Anchors `batch` signed by `bitmap` and moves the cursor on.
    function anchorBy(uint256 bitmap, ITelemetryAnchor.Batch memory batch) internal returns (bytes32 head) {
        head = oracle.anchor(batch, cursor, bitmap, signedBy(bitmap, digestOf(batch, cursor)));
        cursor = follow(batch, cursor);
    }
}
