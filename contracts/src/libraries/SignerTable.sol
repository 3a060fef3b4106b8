// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CodeStore} from "./CodeStore.sol";

/// @title A table of signers kept as the code of a contract, one word each in ascending order, and the check of a
/// quorum against it.
/// @dev The check is the hot path of anchoring and is written so that a signature costs little beyond the precompile:
/// with OpenZeppelin's ECDSA in a checked loop, three signatures cost 2 000 gas more. It takes and refuses what
/// ECDSA.tryRecover(digest, r, vs) takes and refuses, high s included; a test compares the two.
library SignerTable {
    /// @dev Largest s that is not malleable: half the order of secp256k1.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    /// @dev Stores `signers`, which the caller has checked.
    function write(address[] calldata signers) internal returns (address table) {
        // Packed encoding pads each element of an array to a word.
        return CodeStore.write(abi.encodePacked(signers));
    }

    /// @dev All signers of a table.
    function read(address table) internal view returns (address[] memory signers) {
        bytes memory data = CodeStore.read(table);
        // Bytes and words have the same layout but for the length.
        assembly ("memory-safe") {
            mstore(data, shr(5, mload(data)))
            signers := data
        }
    }

    /// @dev Checks one signature (r ‖ vs) for each set bit of `bitmap`, in ascending order.
    /// @return count Number of set bits if all signatures are good, else the lowest place whose signature is not.
    /// @return good Whether all are. Too few signatures are not good: what lies beyond them is checked, and
    /// the caller compares `count` with their number.
    function verify(address table, bytes32 digest, uint256 bitmap, bytes calldata signatures)
        internal
        view
        returns (uint256 count, bool good)
    {
        good = true;
        assembly ("memory-safe") {
            // The table, then the input of ecrecover (digest, v, r, s), all beyond the free memory pointer.
            let signer := mload(0x40)
            let size := sub(extcodesize(table), 1)
            extcodecopy(table, signer, 1, size)
            let input := add(signer, size)
            mstore(input, digest)
            let position := signatures.offset
            for { let bits := bitmap } bits { bits := shr(1, bits) } {
                if and(bits, 1) {
                    let vs := calldataload(add(position, 0x20))
                    let s := shr(1, shl(1, vs))
                    mstore(add(input, 0x20), add(27, shr(255, vs)))
                    mstore(add(input, 0x40), calldataload(position))
                    mstore(add(input, 0x60), s)
                    // A failed recovery returns nothing: the place then holds 0, and no signer is 0.
                    mstore(0, 0)
                    pop(staticcall(gas(), 1, input, 0x80, 0, 0x20))
                    // Beyond the table lies the input, never a signer.
                    let known := and(lt(signer, input), eq(mload(0), mload(signer)))
                    if or(iszero(known), gt(s, HALF_ORDER)) {
                        good := 0
                        count := shr(5, sub(signer, mload(0x40)))
                        break
                    }
                    position := add(position, 0x40)
                    count := add(count, 1)
                }
                signer := add(signer, 0x20)
            }
        }
    }
}
