// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Secp256k1} from "./Secp256k1.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Pedersen commitments C = value·G + blinding·H on secp256k1 (docs/protocol.md §3): sums and openings.
/// @dev An opening costs one ecrecover. Recovery computes Q = x⁻¹·(s·R − z·G) for the point R whose x coordinate is x,
/// and returns the address of Q. With R = H, s = blinding·x and z = −value·x, all modulo the order, Q is the
/// commitment. An address has 160 bits, so to pass for a point one must find a second preimage of 2^160, or know the
/// logarithm of H.
library Pedersen {
    /// @dev Order of the group.
    uint256 internal constant N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    /// @dev x coordinate of H, whose y is even.
    uint256 internal constant H_X = 0x313abc889613a6db70044aff9becf9a2f1ffe36ce5b3f19571623974a4560e33;

    uint256 private constant P = Secp256k1.P;
    // (P + 1) / 4: the power that is a square root, since P ≡ 3 modulo 4.
    uint256 private constant ROOT = (P + 1) / 4;

    /// @notice A point in Jacobian coordinates; z = 0 is the point at infinity.
    struct Point {
        uint256 x;
        uint256 y;
        uint256 z;
    }

    /// @notice Not a compressed point.
    error NotAPoint(uint8 prefix, uint256 x);

    /// @dev Whether the point opens to `value` with `blinding`. Numbers from the order on open nothing, nor does the
    /// blinding 0, which no honest commitment has.
    function opens(Point memory point, uint256 value, uint256 blinding) internal view returns (bool) {
        if (value >= N || blinding >= N || blinding == 0 || point.z == 0) return false;
        (uint256 x, uint256 y) = _affine(point);
        address committed = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        uint256 z = mulmod(value, H_X, N);
        if (z != 0) z = N - z;
        return ecrecover(bytes32(z), 27, bytes32(H_X), bytes32(mulmod(blinding, H_X, N))) == committed;
    }

    /// @dev The point of a quantity field; 33 zero bytes are the point at infinity.
    function decode(uint8 prefix, bytes32 number) internal view returns (Point memory) {
        uint256 x = uint256(number);
        if (prefix == 0 && x == 0) return Point(0, 0, 0);
        uint256 square = addmod(mulmod(mulmod(x, x, P), x, P), 7, P);
        uint256 y = Math.modExp(square, ROOT, P);
        if ((prefix != 2 && prefix != 3) || x >= P || mulmod(y, y, P) != square) revert NotAPoint(prefix, x);
        // No point has y = 0: the order is odd.
        if (y & 1 != prefix & 1) y = P - y;
        return Point(x, y, 1);
    }

    /// @dev Σ weight·point, for points that are affine or infinity: doubling once a bit for all of them together.
    function weightedSum(Point[] memory points, uint256[] memory weights) internal pure returns (Point memory sum) {
        uint256 all;
        for (uint256 i; i < weights.length; ++i) {
            all |= weights[i];
        }
        for (uint256 bit = all == 0 ? 0 : Math.log2(all) + 1; bit != 0;) {
            --bit;
            if (sum.z != 0) sum = _double(sum);
            for (uint256 i; i < points.length; ++i) {
                if ((weights[i] >> bit) & 1 == 1) sum = add(sum, points[i]);
            }
        }
    }

    /// @dev Sum of two points; the second is affine or infinity.
    function add(Point memory a, Point memory b) internal pure returns (Point memory) {
        if (a.z == 0) return b;
        if (b.z == 0) return a;
        uint256 zz = mulmod(a.z, a.z, P);
        uint256 h = addmod(mulmod(b.x, zz, P), P - a.x, P);
        uint256 r = addmod(mulmod(b.y, mulmod(zz, a.z, P), P), P - a.y, P);
        if (h == 0) return r == 0 ? _double(a) : Point(0, 0, 0);
        uint256 hh = mulmod(h, h, P);
        uint256 hhh = mulmod(hh, h, P);
        uint256 v = mulmod(a.x, hh, P);
        uint256 x = addmod(addmod(mulmod(r, r, P), P - hhh, P), P - mulmod(2, v, P), P);
        uint256 y = addmod(mulmod(r, addmod(v, P - x, P), P), P - mulmod(a.y, hhh, P), P);
        return Point(x, y, mulmod(a.z, h, P));
    }

    function _double(Point memory a) private pure returns (Point memory) {
        uint256 yy = mulmod(a.y, a.y, P);
        uint256 s = mulmod(4, mulmod(a.x, yy, P), P);
        uint256 m = mulmod(3, mulmod(a.x, a.x, P), P);
        uint256 x = addmod(mulmod(m, m, P), P - mulmod(2, s, P), P);
        uint256 y = addmod(mulmod(m, addmod(s, P - x, P), P), P - mulmod(8, mulmod(yy, yy, P), P), P);
        return Point(x, y, mulmod(2, mulmod(a.y, a.z, P), P));
    }

    function _affine(Point memory point) private view returns (uint256 x, uint256 y) {
        if (point.z == 1) return (point.x, point.y);
        uint256 inverse = Math.invModPrime(point.z, P);
        uint256 square = mulmod(inverse, inverse, P);
        return (mulmod(point.x, square, P), mulmod(point.y, mulmod(square, inverse, P), P));
    }
}
