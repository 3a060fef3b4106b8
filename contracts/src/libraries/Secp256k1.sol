// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The curve y² = x³ + 7 over the field of P: whether a point is on it.
/// @dev The counterpart for P-256 is OpenZeppelin's `P256.isValidPublicKey`. The curve's order is prime, so every
/// affine point on it is a valid public key.
library Secp256k1 {
    /// @dev Field prime.
    uint256 internal constant P = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;

    /// @dev Whether (x, y) is a public key: both below P and on the curve. (0, 0) is not.
    function isValidPublicKey(uint256 x, uint256 y) internal pure returns (bool) {
        if (x >= P || y >= P) return false;
        return mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
    }
}
