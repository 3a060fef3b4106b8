// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Secp256k1} from "../../src/libraries/Secp256k1.sol";
import {Kit} from "../Kit.sol";

contract Secp256k1Test is Kit {
    uint256 internal constant X = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798;
    uint256 internal constant Y = 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8;

    function test_TakesTheGeneratorAndItsNegative() public pure {
        assertTrue(Secp256k1.isValidPublicKey(X, Y), "generator");
        assertTrue(Secp256k1.isValidPublicKey(X, Secp256k1.P - Y), "negative");
    }

    function test_RefusesCoordinatesNotBelowTheModulus() public pure {
        // x = 1 is on the curve; 1 + P is the same residue, but no encoding of it.
        uint256 y = 0x4218F20AE6C646B363DB68605822FB14264CA8D2587FDD6FBC750D587E76A7EE;
        assertTrue(Secp256k1.isValidPublicKey(1, y), "canonical");
        assertFalse(Secp256k1.isValidPublicKey(1 + Secp256k1.P, y), "x");
        assertFalse(Secp256k1.isValidPublicKey(X, Secp256k1.P), "y");
        assertFalse(Secp256k1.isValidPublicKey(0, 0), "zero");
    }

    function testFuzz_RefusesAnyOtherY(uint256 y) public pure {
        vm.assume(y != Y && y != Secp256k1.P - Y);
        assertFalse(Secp256k1.isValidPublicKey(X, y), "key");
    }
}
