// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMeterRegistry} from "../interfaces/IMeterRegistry.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title Signatures r ‖ s of meters over sha256 of their records.
/// @dev Used to find signatures that are wrong, so every doubt is the signer's benefit: a high s, which workers refuse,
/// is taken here. P-256 goes through the precompile at 0x100 where there is one and through Solidity (about 300 000
/// gas) where not; P256 tells an absent precompile from a wrong signature by trying a known good one, and consumes
/// all gas if the precompile was given too little. So does `ecrecover`: its failure reverts.
library DeviceSignature {
    uint256 private constant HALF_P256_ORDER = P256.N / 2;

    /// @dev Whether (r, s) is a signature over `digest` by the key.
    function isValid(IMeterRegistry.Key memory key, bytes32 digest, bytes32 r, bytes32 s) internal view returns (bool) {
        if (key.scheme != IMeterRegistry.Scheme.DeviceP256) {
            address signer;
            // The two coordinates are the last two of the key's four words.
            assembly ("memory-safe") {
                signer := shr(96, shl(96, keccak256(add(key, 0x40), 0x40)))
            }
            // The parity of R is not in the record: one of the two. No key has the address 0 of a failed recovery.
            return ecrecover(digest, 27, r, s) == signer || ecrecover(digest, 28, r, s) == signer;
        }
        uint256 low = uint256(s);
        if (low > HALF_P256_ORDER && low < P256.N) low = P256.N - low;
        return P256.verify(digest, r, bytes32(low), key.x, key.y);
    }
}
