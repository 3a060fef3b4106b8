// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title A series' terms as five words behind the code of its clone.
/// @notice Words, fields from the highest byte: 0 rules (countries 16 | minTicket 6 | lockedUntil 5 | classes 1 | capped 1 |
/// windowed 1 | rank 1 | decimals 1), 1 scope (factory 20 | stream 4 | termFrom 3 | termTo 3 | tail 2), 2 limits (zero 15 |
/// consent 1 | holderCap 4 | countryCap 4 | windowEvery 4 | windowLength 4), 3 name, 4 symbol. A transfer reads word 0, and
/// word 2 only where `capped` or `windowed` says that it matters; a distribution reads word 1.
library SeriesTerms {
    /// @dev Length of the code that OpenZeppelin's Clones puts before the arguments.
    uint256 private constant CODE_LENGTH = 0x2d;

    /// @notice Packs the terms; `factory_` is whom the role configuration of the series names.
    function encode(IRevenueRight.Terms memory t, address factory_) internal pure returns (bytes memory) {
        uint64 caps = uint64(t.holderCap) << 32 | t.countryCap;
        uint64 windows = uint64(t.windowEvery) << 32 | t.windowLength;
        bytes memory rules = abi.encodePacked(t.countries, uint48(t.minTicket), t.lockedUntil, t.classes);
        bytes memory scope_ = abi.encodePacked(factory_, t.stream, uint24(t.termFrom), uint24(t.termTo), t.tail);
        rules = abi.encodePacked(rules, caps != 0, windows != 0, t.rank, t.decimals);
        return bytes.concat(rules, scope_, abi.encodePacked(uint120(0), t.consent, caps, windows), t.name, t.symbol);
    }

    /// @notice Unpacks the terms of the clone that runs this code.
    function decode() internal view returns (IRevenueRight.Terms memory t) {
        (uint256 rules, uint256 scope_, uint256 limits_) = (word(0), word(1), word(2));
        (t.name, t.symbol) = (bytes32(word(3)), bytes32(word(4)));
        (t.stream, t.termFrom, t.termTo) = (stream(scope_), uint32(termFrom(scope_)), uint32(termTo(scope_)));
        (t.rank, t.decimals, t.classes) = (uint8(rules >> 8), uint8(rules), classes(rules));
        (t.countries, t.minTicket, t.lockedUntil) = (countries(rules), minTicket(rules), lockedUntil(rules));
        (t.tail, t.consent) = (tail(scope_), consent(limits_));
        (t.holderCap, t.countryCap) = (holderCap(limits_), countryCap(limits_));
        (t.windowEvery, t.windowLength) = (windowEvery(limits_), windowLength(limits_));
    }

    /// @notice One word of the running clone's arguments.
    function word(uint256 index) internal view returns (uint256 value) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, add(CODE_LENGTH, mul(index, 0x20)), 0x20)
            value := mload(0x00)
        }
    }

    /// @notice One word of the arguments as text: 3 the name, 4 the symbol.
    /// @dev The factory admits only printable ASCII, left aligned, so the first zero byte ends the text.
    function text(uint256 index) internal view returns (string memory chars) {
        uint256 value = word(index);
        uint256 length = 0;
        while (length < 32 && value << (8 * length) != 0) ++length;
        chars = new string(length);
        assembly ("memory-safe") {
            mstore(add(chars, 0x20), value)
        }
    }

    /* SCOPE */

    /// @notice Factory in the scope word.
    function factory(uint256 scope) internal pure returns (address) {
        return address(uint160(scope >> 96));
    }

    /// @notice First period of the term in the scope word.
    function termFrom(uint256 scope) internal pure returns (uint256) {
        return uint24(scope >> 40);
    }

    /// @notice Last period of the term in the scope word.
    function termTo(uint256 scope) internal pure returns (uint256) {
        return uint24(scope >> 16);
    }

    /// @notice Periods after the term in which arrears may still be paid, in the scope word.
    function tail(uint256 scope) internal pure returns (uint16) {
        return uint16(scope);
    }

    /// @notice Last period that may be paid, in the scope word.
    function lastPayable(uint256 scope) internal pure returns (uint256) {
        return termTo(scope) + tail(scope);
    }

    /// @notice Stream in the scope word.
    function stream(uint256 scope) internal pure returns (uint32) {
        return uint32(scope >> 64);
    }

    /* RULES */

    /// @notice Allowed countries in the rules word.
    function countries(uint256 rules) internal pure returns (uint128) {
        return uint128(rules >> 128);
    }

    /// @notice Minimum ticket in the rules word.
    function minTicket(uint256 rules) internal pure returns (uint48) {
        return uint48(rules >> 80);
    }

    /// @notice Lock-up of the series in the rules word.
    function lockedUntil(uint256 rules) internal pure returns (uint40) {
        return uint40(rules >> 40);
    }

    /// @notice Allowed classes in the rules word.
    function classes(uint256 rules) internal pure returns (uint8) {
        return uint8(rules >> 32);
    }

    /// @notice True if the limits word has a cap on participants.
    function isCapped(uint256 rules) internal pure returns (bool) {
        return uint8(rules >> 24) != 0;
    }

    /// @notice True if the limits word has a transfer window.
    function isWindowed(uint256 rules) internal pure returns (bool) {
        return uint8(rules >> 16) != 0;
    }

    /* LIMITS */

    /// @notice True if a change of the waterfall's rules needs a vote.
    function consent(uint256 limits) internal pure returns (bool) {
        return uint8(limits >> 128) != 0;
    }

    /// @notice Participants that may hold units; 0 = any number.
    function holderCap(uint256 limits) internal pure returns (uint32) {
        return uint32(limits >> 96);
    }

    /// @notice Participants of one country that may hold units; 0 = any number.
    function countryCap(uint256 limits) internal pure returns (uint32) {
        return uint32(limits >> 64);
    }

    /// @notice Seconds from one transfer window to the next; 0 = always open.
    function windowEvery(uint256 limits) internal pure returns (uint32) {
        return uint32(limits >> 32);
    }

    /// @notice Seconds that each window is open.
    function windowLength(uint256 limits) internal pure returns (uint32) {
        return uint32(limits);
    }
}
