// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {TelemetryKit} from "./TelemetryKit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

contract RequireQuorumTest is TelemetryKit {
    bytes32 internal constant DIGEST = keccak256("what is signed");
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    uint256 internal constant GENERATOR_X = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798;

    function setUp() public {
        useSigners(7, 3);
    }

    /* GIVEN A QUORUM */

    function test_AcceptsTheThreshold() public view {
        oracle.requireQuorum(DIGEST, 0x52, signedBy(0x52, DIGEST));
    }

    function test_AcceptsAll() public view {
        oracle.requireQuorum(DIGEST, 0x7f, signedBy(0x7f, DIGEST));
    }

    function test_AcceptsWhilePaused() public {
        vm.prank(pauser);
        oracle.setPaused(true);
        oracle.requireQuorum(DIGEST, 0x7, signedBy(0x7, DIGEST));
    }

    /* GIVEN LESS */

    function test_RevertWhen_NoTable() public {
        oracle = newOracle();
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.QuorumTooSmall.selector, 0, 0));
        oracle.requireQuorum(DIGEST, 0, "");
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.QuorumTooSmall.selector, 3, 0));
        oracle.requireQuorum(DIGEST, 0x7, signedBy(0x7, DIGEST));
    }

    function test_RevertWhen_NoSignatures() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.QuorumTooSmall.selector, 0, 3));
        oracle.requireQuorum(DIGEST, 0, "");
    }

    function test_RevertWhen_OneFewer() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.QuorumTooSmall.selector, 2, 3));
        oracle.requireQuorum(DIGEST, 0x3, signedBy(0x3, DIGEST));
    }

    function test_RevertWhen_BitmapHasFewerBitsThanSignatures() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignaturesLength.selector, 192, 128));
        oracle.requireQuorum(DIGEST, 0x3, signedBy(0x7, DIGEST));
    }

    function test_RevertWhen_BitmapIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignaturesLength.selector, 192, 0));
        oracle.requireQuorum(DIGEST, 0, signedBy(0x7, DIGEST));
    }

    function test_RevertWhen_BitmapHasMoreBitsThanSignatures() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 3));
        oracle.requireQuorum(DIGEST, 0xf, signedBy(0x7, DIGEST));
    }

    /// @dev What lies behind the signatures in the input is read, but never counted.
    function test_RevertWhen_MissingSignatureLiesBehindTheInput() public {
        bytes memory input = abi.encodeCall(oracle.requireQuorum, (DIGEST, 0xf, signedBy(0x7, DIGEST)));
        input = bytes.concat(input, compact(keys[3], DIGEST));
        (bool ok, bytes memory reason) = address(oracle).call(input);
        assertFalse(ok, "accepted");
        assertEq(reason, abi.encodeWithSelector(ITelemetryAnchor.SignaturesLength.selector, 192, 256));
    }

    function test_RevertWhen_BytesAreLeftOver() public {
        bytes memory signatures = bytes.concat(signedBy(0x7, DIGEST), hex"00");
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.SignaturesLength.selector, 193, 192));
        oracle.requireQuorum(DIGEST, 0x7, signatures);
    }

    function test_RevertWhen_BitIsBeyondTheTable() public {
        bytes memory signatures = bytes.concat(signedBy(0x3, DIGEST), compact(keyOf("mallory"), DIGEST));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 7));
        oracle.requireQuorum(DIGEST, 0x83, signatures);
    }

    /// @dev In memory the digest follows the table: one that equals a stranger's address does not make him a signer.
    function test_RevertWhen_TheDigestPosesAsTheNextSigner() public {
        bytes32 digest = bytes32(uint256(uint160(mallory)));
        bytes memory signatures = bytes.concat(signedBy(0x3, digest), compact(keyOf("mallory"), digest));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 7));
        oracle.requireQuorum(digest, 0x83, signatures);
    }

    function test_RevertWhen_HighestBitIsSet() public {
        bytes memory signatures = bytes.concat(signedBy(0x7, DIGEST), compact(keyOf("mallory"), DIGEST));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 255));
        oracle.requireQuorum(DIGEST, (1 << 255) | 0x7, signatures);
    }

    /* GIVEN WRONG SIGNATURES */

    function test_RevertWhen_SignerIsAStranger() public {
        bytes memory signatures = bytes.concat(signedBy(0x3, DIGEST), compact(keyOf("mallory"), DIGEST));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 2));
        oracle.requireQuorum(DIGEST, 0x7, signatures);
    }

    function test_RevertWhen_DigestDiffers() public {
        bytes memory signatures = signedBy(0x7, DIGEST);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(keccak256("something else"), 0x7, signatures);
    }

    function test_RevertWhen_OneSignatureIsUsedTwice() public {
        bytes memory one = compact(keys[0], DIGEST);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 1));
        oracle.requireQuorum(DIGEST, 0x7, bytes.concat(one, one, one));
    }

    function test_RevertWhen_Unsorted() public {
        bytes memory swapped =
            bytes.concat(compact(keys[1], DIGEST), compact(keys[0], DIGEST), compact(keys[2], DIGEST));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 0x7, swapped);
    }

    function test_RevertWhen_SignaturesAreZero() public {
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 0x7, new bytes(192));
    }

    function test_RevertWhen_ParityIsFlipped() public {
        bytes memory signatures = signedBy(0x7, DIGEST);
        signatures[32] ^= 0x80;
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 0x7, signatures);
    }

    /* MALLEABILITY */

    /// @dev (r, n − s) with the other parity recovers the same signer. In the compact form s has 255 bits, so that
    /// almost no high s can be written at all; cut to 255 bits it is another signature.
    function test_RevertWhen_Malleated() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], DIGEST);
        bytes32 twin = bytes32((ORDER - uint256(s)) | (uint256(28 - v) << 255));
        bytes memory rest = bytes.concat(compact(keys[1], DIGEST), compact(keys[2], DIGEST));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 0x7, bytes.concat(r, twin, rest));
    }

    /// @dev The largest s that is low is taken, the next one refused, though both recover the same signer. The key
    /// is made for it: with the nonce 1, r is the generator's x, and key = (s − digest)/r.
    function test_RevertWhen_FirstHighS() public {
        uint256 low = ORDER / 2;
        uint256 key = mulmod(addmod(low, ORDER - uint256(DIGEST) % ORDER, ORDER), _inverse(GENERATOR_X), ORDER);
        assertEq(ecrecover(DIGEST, 27, bytes32(GENERATOR_X), bytes32(low)), vm.addr(key), "low");
        assertEq(ecrecover(DIGEST, 28, bytes32(GENERATOR_X), bytes32(low + 1)), vm.addr(key), "high");
        _useOneSigner(vm.addr(key));
        oracle.requireQuorum(DIGEST, 1, abi.encodePacked(GENERATOR_X, low));
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, 0));
        oracle.requireQuorum(DIGEST, 1, abi.encodePacked(GENERATOR_X, (low + 1) | (1 << 255)));
    }

    /* FUZZ */

    /// @dev Honest signatures are accepted exactly if they are enough and all in the table.
    function testFuzz_AcceptsExactlyQuorums(uint8 bitmap, uint8 size, uint8 threshold, bytes32 digest) public {
        size = uint8(bound(size, 1, 7));
        threshold = uint8(bound(threshold, 1, size));
        oracle = newOracle();
        useSigners(size, threshold);
        (uint256 bits, uint256 count) = (bitmap & 0x7f, 0);
        for (uint256 i; i < 7; ++i) {
            count += (bits >> i) & 1;
        }
        bytes memory input = abi.encodeCall(oracle.requireQuorum, (digest, bits, signedBy(bits, digest)));
        (bool ok,) = address(oracle).call(input);
        assertEq(ok, count >= threshold && bits >> size == 0, "accepted");
    }

    /// @dev No bit of a signature may change.
    function testFuzz_RevertWhen_AnyBitChanges(uint256 bit) public {
        bit = bound(bit, 0, 3 * 512 - 1);
        bytes memory signatures = signedBy(0x2a, DIGEST);
        signatures[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        uint256 place = 1 + 2 * (bit / 512);
        vm.expectRevert(abi.encodeWithSelector(ITelemetryAnchor.BadSignature.selector, place));
        oracle.requireQuorum(DIGEST, 0x2a, signatures);
    }

    /// @dev Whatever the bytes, the outcome is that of OpenZeppelin's ECDSA.
    function testFuzz_AgreesWithEcdsa(bytes32 digest, bytes32 r, bytes32 vs, uint8 kind) public {
        if (kind % 3 == 0) r = bytes32(GENERATOR_X);
        // Near the border between low and high s, which arbitrary words never meet.
        if (kind % 5 == 0) vs = bytes32(ORDER / 2 - 2 + uint256(vs) % 5 + (uint256(vs) >> 255 << 255));
        (, ECDSA.RecoverError refusal,) = ECDSA.tryRecover(digest, r, vs);
        // Whom the precompile names, so that nothing but the rules on the form can refuse.
        address signer = ecrecover(digest, uint8(27 + (uint256(vs) >> 255)), r, vs << 1 >> 1);
        _useOneSigner(signer == address(0) ? mallory : signer);
        bytes memory input = abi.encodeCall(oracle.requireQuorum, (digest, 1, bytes.concat(r, vs)));
        (bool ok,) = address(oracle).call(input);
        assertEq(ok, refusal == ECDSA.RecoverError.NoError, "accepted");
    }

    /// @dev Arbitrary bytes are never a quorum.
    function testFuzz_RevertWhen_BytesAreArbitrary(uint256 bitmap, bytes calldata signatures) public {
        vm.expectRevert();
        oracle.requireQuorum(DIGEST, bitmap, signatures);
    }

    /* HELPERS */

    function _useOneSigner(address signer) private {
        oracle = newOracle();
        address[] memory one = new address[](1);
        one[0] = signer;
        vm.prank(oracleAdmin);
        oracle.scheduleSigners(one, 1);
    }

    /// @dev x^(n−2) mod n by the precompile for modular exponentiation.
    function _inverse(uint256 x) private view returns (uint256) {
        (bool ok, bytes memory result) = address(5).staticcall(abi.encode(32, 32, 32, x, ORDER - 2, ORDER));
        assertTrue(ok, "modexp");
        return abi.decode(result, (uint256));
    }
}
