// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The two leaves of docs/protocol.md taken apart: readings (102 bytes, §2) and statement lines (92 bytes, §7).
/// @dev Lengths are the caller's business for lines, which come as one string; `reading` checks its own.
library LeafCodec {
    /// @notice What disputes need of a reading.
    struct Reading {
        bytes32 record;
        uint32 stream;
        uint64 seq;
        uint64 end;
        uint32 duration;
        uint64 meter;
        uint8 kind;
        uint8 rev;
    }

    /// @notice A line of a statement; `prefix` and `number` are the 33 bytes of the quantity field.
    struct Line {
        uint8 tag;
        uint16 row;
        uint128 price;
        uint64 per;
        uint128 quantity;
        uint128 amount;
        uint8 prefix;
        bytes32 number;
    }

    uint256 internal constant READING_LENGTH = 102;
    uint256 internal constant LINE_LENGTH = 92;

    /// @notice Not the preimage of a reading leaf.
    error NotAReading(uint256 length);

    /// @dev The reading in `leaf`.
    function reading(bytes calldata leaf) internal pure returns (Reading memory r) {
        if (leaf.length != READING_LENGTH || leaf[0] != 0) revert NotAReading(leaf.length);
        (uint256 word, uint256 rest) = (0, 0);
        assembly ("memory-safe") {
            mstore(r, calldataload(add(leaf.offset, 34)))
            word := calldataload(add(leaf.offset, 66))
            // Kind, quality, rev and direction are the last four bytes of the leaf; what follows them is not read.
            rest := shr(224, calldataload(add(leaf.offset, 98)))
        }
        // stream 4, seq 8, end 8, duration 4, meter 8 bytes
        r.stream = uint32(word >> 224);
        r.seq = uint64(word >> 160);
        r.end = uint64(word >> 96);
        r.duration = uint32(word >> 64);
        r.meter = uint64(word);
        (r.kind, r.rev) = (uint8(rest >> 24), uint8(rest >> 8));
    }

    /// @dev Of the reading in `leaf`, what its record is checked against: the record's hash and the meter.
    function signed(bytes calldata leaf) internal pure returns (bytes32 record, uint64 meter) {
        if (leaf.length != READING_LENGTH || leaf[0] != 0) revert NotAReading(leaf.length);
        assembly ("memory-safe") {
            record := calldataload(add(leaf.offset, 34))
            meter := shr(192, calldataload(add(leaf.offset, 90)))
        }
    }

    /// @dev Place of a reading in the order of its batch: (end, meter, duration, rev). Equal keys, equal readings.
    function sortKey(Reading memory r) internal pure returns (uint256) {
        return (uint256(r.end) << 104) | (uint256(r.meter) << 40) | (uint256(r.duration) << 8) | r.rev;
    }

    /// @dev The line in the first LINE_LENGTH bytes of `leaf`.
    function line(bytes calldata leaf) internal pure returns (Line memory l) {
        l.tag = uint8(leaf[0]);
        l.row = uint16(bytes2(leaf[1:3]));
        l.price = uint128(bytes16(leaf[3:19]));
        l.per = uint64(bytes8(leaf[19:27]));
        l.quantity = uint128(bytes16(leaf[27:43]));
        l.amount = uint128(bytes16(leaf[43:59]));
        l.prefix = uint8(leaf[59]);
        l.number = bytes32(leaf[60:92]);
    }
}
