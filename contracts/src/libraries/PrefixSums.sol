// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Sums over the first n of a growing list of numbers, most of them 0 (a Fenwick tree).
/// @notice Places count from 1; node i holds the sum over the places from i with its lowest bit cleared, exclusive, to i.
/// Appending reads one node on average and writes none while all numbers are 0; adding and summing touch at most one node
/// for each bit of the length.
library PrefixSums {
    struct Tree {
        mapping(uint256 place => uint256) nodes;
    }

    /// @notice Appends a 0 as number `place`, one more than the length so far.
    function append(Tree storage tree, uint256 place) internal {
        uint256 end = place & (place - 1);
        uint256 sum = 0;
        for (uint256 i = place - 1; i != end; i &= i - 1) {
            sum += tree.nodes[i];
        }
        if (sum != 0) tree.nodes[place] = sum;
    }

    /// @notice Adds to the number at `place` of a list of `length`.
    function add(Tree storage tree, uint256 place, uint256 value, uint256 length) internal {
        for (; place <= length; place += place & (~place + 1)) {
            tree.nodes[place] += value;
        }
    }

    /// @notice Sum of the first `count` numbers.
    function upTo(Tree storage tree, uint256 count) internal view returns (uint256 sum) {
        for (; count != 0; count &= count - 1) {
            sum += tree.nodes[count];
        }
    }
}
