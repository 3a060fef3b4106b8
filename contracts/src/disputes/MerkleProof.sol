// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Keccak trees of RFC 9162 shape: where a path leads, and the root over leaves.
/// @dev A path is the siblings from the leaf upwards and `turns`: bit i is set if the node at height i of the path is a
/// right child. So a path can be checked against a root without a word about the tree's size; where it leads in a tree
/// of a given size, and whether such a tree has a leaf there at all, is a question of its own. Leaves begin with 0x00
/// and nodes with 0x01, so that neither is ever taken for the other: in a tree of n leaves no leaf is found at a place
/// where the shape of n leaves has none.
library MerkleProof {
    /// @dev Root that `leafHash` leads to along `path`.
    function climb(bytes32 leafHash, uint256 turns, bytes32[] calldata path) internal pure returns (bytes32 node) {
        node = leafHash;
        // 0x01 stands before the pair; a turn puts the node at 0x21 and its sibling at 0x01, else the other way about.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            let step := path.offset
            for { let end := add(step, shl(5, path.length)) } lt(step, end) { step := add(step, 0x20) } {
                let side := shl(5, and(turns, 1))
                mstore(add(add(free, 0x01), side), node)
                mstore(sub(add(free, 0x21), side), calldataload(step))
                node := keccak256(free, 0x41)
                turns := shr(1, turns)
            }
        }
    }

    /// @dev Where a path of `depth` turns leads in the tree of `size` leaves: the leaf's index, or false if there is
    /// no leaf at its end.
    function place(uint256 size, uint256 turns, uint256 depth) internal pure returns (bool isLeaf, uint256 index) {
        // A path of more steps than a word has bits leads nowhere: no tree is that deep.
        if (size == 0 || depth > 32 || turns >> depth != 0) return (false, 0);
        uint256 split = 1;
        while (split < size) split <<= 1;
        for (uint256 i = depth; i != 0;) {
            if (size == 1) return (false, 0);
            // The largest power of two below the size.
            while (split >= size) split >>= 1;
            unchecked {
                --i;
                if ((turns >> i) & 1 == 0) size = split;
                else (index, size) = (index + split, size - split);
            }
        }
        return (size == 1, index);
    }

    /// @dev Root over leaf hashes; the list is used up. Pairing neighbours level by level and lifting an odd last node
    /// gives the tree of the RFC.
    function root(bytes32[] memory nodes) internal pure returns (bytes32) {
        uint256 count = nodes.length;
        if (count == 0) return keccak256("");
        while (count > 1) {
            uint256 half = count / 2;
            for (uint256 i; i < half; ++i) {
                nodes[i] = join(nodes[2 * i], nodes[2 * i + 1]);
            }
            if (count & 1 == 1) nodes[half++] = nodes[count - 1];
            count = half;
        }
        return nodes[0];
    }

    /// @dev keccak256(0x01 ‖ left ‖ right).
    function join(bytes32 left, bytes32 right) internal pure returns (bytes32 node) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 1)
            mstore(add(free, 0x01), left)
            mstore(add(free, 0x21), right)
            node := keccak256(free, 0x41)
        }
    }
}
