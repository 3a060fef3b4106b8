// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IdentityKit} from "./IdentityKit.sol";

/// @title Transaction gas of admitting wallets.
/// @dev For one wallet 48 880 are not ours: 21 000, the input 1 668, two cold slots 4 200, the new slot 20 000, the event
/// 2 012.
contract RegisterGasTest is IdentityKit {
    function setUp() public {}

    function test_Single() public {
        bytes memory input = abi.encodeCall(participants.register, (registrationOf(adam, 12_345)));
        assertLe(transactionGas(registrar, address(participants), input, new address[](0)), 50_000, "single");
    }

    function test_SingleWithLockUp() public {
        IParticipantRegistry.Registration memory r = registrationOf(adam, 12_345);
        r.lockedUntil = NOW + 365 days;
        bytes memory input = abi.encodeCall(participants.register, (r));
        assertLe(transactionGas(registrar, address(participants), input, new address[](0)), 50_000, "single, locked");
    }

    function test_BatchOfFifty() public {
        IParticipantRegistry.Registration[] memory many = new IParticipantRegistry.Registration[](50);
        for (uint64 i; i < many.length; ++i) {
            many[i] = registrationOf(makeAddr(vm.toString(i)), 1000 + i);
        }
        bytes memory input = abi.encodeCall(participants.registerBatch, (many));
        uint256 each = transactionGas(registrar, address(participants), input, new address[](0)) / many.length;
        assertLe(each, 28_300, "per wallet");
    }
}
