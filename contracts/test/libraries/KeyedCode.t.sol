// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CodeStore} from "../../src/libraries/CodeStore.sol";
import {KeyedCode} from "../../src/libraries/KeyedCode.sol";
import {Kit} from "../Kit.sol";

/// @title Another contract with keys.
contract Neighbour {
    function pointerOf(bytes32 key) external view returns (address) {
        return KeyedCode.pointerOf(key);
    }
}

contract KeyedCodeTest is Kit {
    function testFuzz_ReadsWhatWasWritten(bytes32 key, bytes memory data) public {
        address expected = KeyedCode.pointerOf(key);
        assertEq(KeyedCode.write(key, data), expected, "pointer");
        assertEq(CodeStore.read(expected), data, "data");
        assertEq(expected.code, bytes.concat(hex"00", data), "code");
    }

    function test_KeysHaveTheirOwnPlaces() public {
        KeyedCode.write("one", "first");
        KeyedCode.write("two", "second");
        assertEq(CodeStore.read(KeyedCode.pointerOf("one")), "first", "one");
        assertEq(CodeStore.read(KeyedCode.pointerOf("two")), "second", "two");
        assertEq(KeyedCode.pointerOf("three").code.length, 0, "three");
    }

    function test_RevertWhen_KeyIsTaken() public {
        KeyedCode.write("one", "first");
        vm.expectRevert(CodeStore.CreationFailed.selector);
        this.write("one", "second");
    }

    /// @dev The creator stays callable, but what it creates lies elsewhere.
    function test_OthersCannotChangeWhatIsStored() public {
        address pointer = KeyedCode.write("one", "first");
        bytes32 creation = keccak256(hex"67363d3d37363d34f03d5260086018f3");
        bytes32 place = keccak256(abi.encodePacked(hex"ff", address(this), bytes32("one"), creation));
        vm.prank(mallory);
        (bool made,) = address(uint160(uint256(place))).call(hex"600060005360016000f3");
        assertTrue(made, "the creator answers");
        assertEq(CodeStore.read(pointer), "first", "data");
    }

    /// @dev Nor can anyone be first: only this contract's keys lead to these addresses.
    function test_AnotherContractHasOtherPlaces() public {
        address own = KeyedCode.pointerOf("one");
        assertNotEq(new Neighbour().pointerOf("one"), own, "pointer");
    }

    function test_RevertWhen_TooLong() public {
        vm.expectRevert(abi.encodeWithSelector(CodeStore.DataTooLong.selector, 24_576, 24_575));
        this.write("one", new bytes(24_576));
    }

    /// @dev The creator stands, but what it should create does not: nothing must be left behind.
    function test_RevertWhen_CreationFails() public {
        bytes memory call = abi.encodeCall(this.write, ("one", new bytes(20_000)));
        (bool done, bytes memory answer) = address(this).call{gas: 3_000_000}(call);
        assertFalse(done, "done");
        assertEq(answer, abi.encodeWithSelector(CodeStore.CreationFailed.selector), "reason");
        KeyedCode.write("one", "later");
        assertEq(CodeStore.read(KeyedCode.pointerOf("one")), "later", "the key is still free");
    }

    function write(bytes32 key, bytes memory data) external {
        KeyedCode.write(key, data);
    }
}
