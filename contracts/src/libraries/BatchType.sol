// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @dev EIP-712 type of a batch (docs/protocol.md §5): what the anchor has signed and what a dispute walks back along.
bytes32 constant BATCH_TYPEHASH = keccak256(
    "Batch(uint32 stream,uint32 seq,bytes32 prev,uint40 from,uint40 to,uint64 first,uint32 count,bool closes,bytes32 root,bytes32 content)"
);
