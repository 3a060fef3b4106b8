// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title A series' terms as four words behind the code of its clone.
/// @notice Words: 0 rules (countries 16 | minTicket 8 | lockedUntil 5 | classes 1 | rank 1 | decimals 1 bytes), 1 scope (factory
/// 20 | stream 4 | termFrom 4 | termTo 4), 2 name, 3 symbol. A transfer reads only word 0, a distribution only word 1.
library SeriesTerms {
    /// @dev Length of the code that OpenZeppelin's Clones puts before the arguments.
    uint256 private constant CODE_LENGTH = 0x2d;

    /// @notice Packs the terms; `factory_` is whom the role configuration of the series names.
    function encode(IRevenueRight.Terms memory t, address factory_) internal pure returns (bytes memory) {
        bytes memory rules = abi.encodePacked(t.countries, t.minTicket, t.lockedUntil, t.classes, t.rank, t.decimals);
        return bytes.concat(rules, abi.encodePacked(factory_, t.stream, t.termFrom, t.termTo), t.name, t.symbol);
    }

    /// @notice Unpacks the terms of the clone that runs this code.
    function decode() internal view returns (IRevenueRight.Terms memory t) {
        (uint256 rules, uint256 scope_) = (word(0), word(1));
        (t.name, t.symbol) = (bytes32(word(2)), bytes32(word(3)));
        (t.stream, t.termFrom, t.termTo) = (uint32(scope_ >> 64), uint32(scope_ >> 32), uint32(scope_));
        (t.rank, t.decimals, t.classes) = (uint8(rules >> 8), uint8(rules), classes(rules));
        (t.countries, t.minTicket, t.lockedUntil) = (countries(rules), minTicket(rules), lockedUntil(rules));
    }

    /// @notice One word of the running clone's arguments.
    function word(uint256 index) internal view returns (uint256 value) {
        assembly ("memory-safe") {
            extcodecopy(address(), 0x00, add(CODE_LENGTH, mul(index, 0x20)), 0x20)
            value := mload(0x00)
        }
    }

    /// @notice Factory in the scope word.
    function factory(uint256 scope) internal pure returns (address) {
        return address(uint160(scope >> 96));
    }

    /// @notice First period of the term in the scope word.
    function termFrom(uint256 scope) internal pure returns (uint256) {
        return uint32(scope >> 32);
    }

    /// @notice Last period that may be paid, in the scope word.
    function lastPayable(uint256 scope) internal pure returns (uint256) {
        return uint32(scope);
    }

    /// @notice Stream in the scope word.
    function stream(uint256 scope) internal pure returns (uint32) {
        return uint32(scope >> 64);
    }

    /// @notice Allowed countries in the rules word.
    function countries(uint256 rules) internal pure returns (uint128) {
        return uint128(rules >> 128);
    }

    /// @notice Minimum ticket in the rules word.
    function minTicket(uint256 rules) internal pure returns (uint64) {
        return uint64(rules >> 64);
    }

    /// @notice Lock-up of the series in the rules word.
    function lockedUntil(uint256 rules) internal pure returns (uint40) {
        return uint40(rules >> 24);
    }

    /// @notice Allowed classes in the rules word.
    function classes(uint256 rules) internal pure returns (uint8) {
        return uint8(rules >> 16);
    }
}
