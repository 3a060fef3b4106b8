// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CodeStore} from "../../src/libraries/CodeStore.sol";
import {Kit} from "../Kit.sol";

contract CodeStoreTest is Kit {
    function testFuzz_ReadsWhatWasWritten(bytes memory data) public {
        address pointer = CodeStore.write(data);
        assertEq(CodeStore.read(pointer), data, "data");
        assertEq(pointer.code, bytes.concat(hex"00", data), "code");
    }

    function testFuzz_ReadingLeavesMemoryInOrder(bytes memory data) public {
        bytes memory first = CodeStore.read(CodeStore.write(data));
        bytes memory second = abi.encode(data);
        assertEq(first, data, "first");
        assertEq(second, abi.encode(data), "second");
    }

    function test_TakesTheLongest() public {
        bytes memory data = new bytes(CodeStore.MAX_LENGTH);
        data[data.length - 1] = 0xff;
        assertEq(keccak256(CodeStore.read(CodeStore.write(data))), keccak256(data), "data");
    }

    function test_APointerDoesNothingWhenCalled() public {
        (bool ok, bytes memory result) = CodeStore.write(hex"fe").call("");
        assertTrue(ok, "reverted");
        assertEq(result.length, 0, "result");
    }

    function test_RevertWhen_TooLong() public {
        vm.expectRevert(
            abi.encodeWithSelector(CodeStore.DataTooLong.selector, CodeStore.MAX_LENGTH + 1, CodeStore.MAX_LENGTH)
        );
        this.write(CodeStore.MAX_LENGTH + 1);
    }

    function test_RevertWhen_LengthWouldWrapInTheCreationCode() public {
        vm.expectRevert(abi.encodeWithSelector(CodeStore.DataTooLong.selector, 1 << 16, CodeStore.MAX_LENGTH));
        this.write(1 << 16);
    }

    /// @dev With too little gas for the deposit of the code, the 64th that is left must end in a revert, not in nothing.
    function test_RevertWhen_CreationFails() public {
        (bool done, bytes memory answer) = address(this).call{gas: 3_000_000}(abi.encodeCall(this.write, (20_000)));
        assertFalse(done, "done");
        assertEq(answer, abi.encodeWithSelector(CodeStore.CreationFailed.selector), "reason");
    }

    function write(uint256 length) external returns (address) {
        return CodeStore.write(new bytes(length));
    }
}
