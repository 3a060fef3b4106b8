// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @title Result of a step as a word: due 64 | paid 64 | released 64 | balance 64, from the highest bit.
type PackedLine is uint256;

using PackedLineLib for PackedLine global;

/// @title Making and reading a packed line.
library PackedLineLib {
    /// @notice Packs four amounts, each below 2⁶⁴.
    function pack(uint256 due, uint256 paid_, uint256 released, uint256 balance) internal pure returns (PackedLine) {
        return PackedLine.wrap(due << 192 | paid_ << 128 | released << 64 | balance);
    }

    /// @notice What was paid.
    function paid(PackedLine line) internal pure returns (uint64) {
        return uint64(PackedLine.unwrap(line) >> 128);
    }

    /// @notice The line for readers.
    function unpack(PackedLine line) internal pure returns (IWaterfall.Line memory) {
        uint256 word = PackedLine.unwrap(line);
        return IWaterfall.Line(uint64(word >> 192), uint64(word >> 128), uint64(word >> 64), uint64(word));
    }
}
