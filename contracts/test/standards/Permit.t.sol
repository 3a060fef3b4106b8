// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesStandards} from "../../src/interfaces/ISeriesStandards.sol";
import {StandardsKit} from "./StandardsKit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

contract PermitTest is StandardsKit {
    bytes32 internal constant TYPE =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function test_ApprovesBySignature() public {
        _permit(series, 500, NOW);
        assertEq(series.allowance(adam, keeper), 500, "allowance");
        assertEq(series.nonces(adam), 1, "nonce");
    }

    function test_TheDomainIsTheClones() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chain, address at, bytes32 salt,) =
            series.eip712Domain();
        assertEq(bytes32(fields), bytes32(bytes1(0x0f)), "fields");
        assertEq(name, series.name(), "name");
        assertEq(at, address(series), "contract");
        assertEq(salt, 0, "salt");
        bytes32 domain = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 expected =
            keccak256(abi.encode(domain, keccak256(bytes(name)), keccak256(bytes(version)), chain, address(series)));
        assertEq(series.DOMAIN_SEPARATOR(), expected, "separator");
        assertEq(chain, block.chainid, "chain");
    }

    function test_RevertWhen_UsedTwice() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(series, 500, NOW);
        series.permit(adam, keeper, 500, NOW, v, r, s);
        vm.expectPartialRevert(ISeriesStandards.ERC2612InvalidSigner.selector);
        series.permit(adam, keeper, 500, NOW, v, r, s);
    }

    function test_RevertWhen_SignedForAnotherSeriesOrChain() public {
        ISeries other = _sibling();
        (uint8 v, bytes32 r, bytes32 s) = _sign(other, 500, NOW);
        vm.expectPartialRevert(ISeriesStandards.ERC2612InvalidSigner.selector);
        series.permit(adam, keeper, 500, NOW, v, r, s);
        (v, r, s) = _sign(series, 500, NOW);
        vm.chainId(block.chainid + 1);
        vm.expectPartialRevert(ISeriesStandards.ERC2612InvalidSigner.selector);
        series.permit(adam, keeper, 500, NOW, v, r, s);
    }

    function test_RevertWhen_TooLate() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(series, 500, NOW - 1);
        vm.expectRevert(abi.encodeWithSelector(ISeriesStandards.ERC2612ExpiredSignature.selector, NOW - 1));
        series.permit(adam, keeper, 500, NOW - 1, v, r, s);
    }

    function test_RevertWhen_TheOwnerIsFrozenOrTransfersArePaused() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(series, 500, NOW);
        _freeze(adam, true, true);
        vm.expectRevert(abi.encodeWithSelector(ISeriesStandards.PermitRefused.selector, adam));
        series.permit(adam, keeper, 500, NOW, v, r, s);
        _freeze(adam, false, true);
        vm.prank(pauser);
        series.pause();
        vm.expectRevert(abi.encodeWithSelector(ISeriesStandards.PermitRefused.selector, adam));
        series.permit(adam, keeper, 500, NOW, v, r, s);
        vm.prank(pauser);
        series.unpause();
        series.permit(adam, keeper, 500, NOW, v, r, s);
    }

    function test_RevertWhen_TheSignatureIsMalleated() public {
        (uint8 v, bytes32 r, bytes32 s) = _sign(series, 500, NOW);
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high));
        series.permit(adam, keeper, 500, NOW, v == 27 ? 28 : 27, r, high);
    }

    function _sibling() private returns (ISeries other) {
        vm.prank(issuer);
        other = ISeries(factory.create(_terms(), "other salt"));
    }

    function _permit(ISeries target, uint256 value, uint256 deadline) private {
        (uint8 v, bytes32 r, bytes32 s) = _sign(target, value, deadline);
        target.permit(adam, keeper, value, deadline, v, r, s);
    }

    function _sign(ISeries target, uint256 value, uint256 deadline) private view returns (uint8, bytes32, bytes32) {
        bytes32 content = keccak256(abi.encode(TYPE, adam, keeper, value, target.nonces(adam), deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", target.DOMAIN_SEPARATOR(), content));
        return vm.sign(keyOf("adam"), digest);
    }
}
