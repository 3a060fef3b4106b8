// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {BATCH_TYPEHASH} from "../libraries/BatchType.sol";

/// @title Walking a stream's chain of batches backwards from a head that the anchor knows.
/// @dev A head is the hash of the cursor, the cursor holds the digest of its batch, the batch holds the head before it
/// (docs/protocol.md §5). So each batch is proven by hashing alone, the newest first; about 700 gas a batch
/// beside its calldata.
library HeadChain {
    /// @notice A batch as it was signed, but for stream and number, which follow.
    struct Link {
        bytes32 prev;
        uint40 from;
        uint40 to;
        uint64 first;
        uint32 count;
        bool closes;
        bytes32 root;
        bytes32 content;
    }

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice The batch at `index` of the given ones does not lead to the head after it.
    error BrokenChain(uint256 index);

    /// @dev Reverts unless the links lead back from `head`, whose batch has the number `seq`, each to the one before it.
    function requireLinked(bytes32 head, address anchor, uint32 stream, uint32 seq, Link[] calldata links)
        internal
        view
    {
        bytes32 separator = _separator(anchor);
        for (uint256 i; i < links.length; ++i) {
            Link calldata link = links[i];
            if (_after(separator, stream, seq, link) != head) revert BrokenChain(i);
            // Below 0 only after the stream's first batch, before which there is a head but no batch.
            unchecked {
                (head, seq) = (link.prev, seq - 1);
            }
        }
    }

    /// @dev Domain of the anchor's signatures. Computed each time, so that it follows the chain's id.
    function _separator(address anchor) private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Usufruct"), keccak256("1"), block.chainid, anchor));
    }

    /// @dev Head after the batch: the hash of digest, number, end and next reading as abi.encode puts them. The link is
    /// static, so its encoding is its eight words; they are copied unchecked, since a word with a dirty upper part is
    /// no preimage of any head.
    function _after(bytes32 separator, uint32 stream, uint32 seq, Link calldata link)
        private
        pure
        returns (bytes32 head)
    {
        bytes32 typeHash = BATCH_TYPEHASH;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, typeHash)
            mstore(add(free, 0x20), stream)
            mstore(add(free, 0x40), seq)
            calldatacopy(add(free, 0x60), link, 0x100)
            let structHash := keccak256(free, 0x160)
            let to := mload(add(free, 0xa0))
            let next := add(mload(add(free, 0xc0)), mload(add(free, 0xe0)))
            mstore(free, hex"1901")
            mstore(add(free, 0x02), separator)
            mstore(add(free, 0x22), structHash)
            mstore(free, keccak256(free, 0x42))
            mstore(add(free, 0x20), seq)
            mstore(add(free, 0x40), to)
            mstore(add(free, 0x60), next)
            head := keccak256(free, 0x80)
        }
    }
}
