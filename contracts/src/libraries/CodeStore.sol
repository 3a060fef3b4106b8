// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Data stored as the code of a contract: 200 gas a byte to write, one cold account and a copy to read.
/// @dev For values that are written once and read whole. The first byte of the code is STOP, so that a call to the
/// pointer does nothing; it is skipped on reading. A pointer's code can never change: it holds no SELFDESTRUCT.
library CodeStore {
    /// @notice The data is longer than a contract's code may be.
    error DataTooLong(uint256 length, uint256 limit);
    /// @notice The chain refused to create the contract.
    error CreationFailed();

    /// @dev EIP-170 limit less the STOP byte.
    uint256 internal constant MAX_LENGTH = 24_575;

    /// @dev Stores `data` and returns the address of its code.
    function write(bytes memory data) internal returns (address pointer) {
        if (data.length > MAX_LENGTH) revert DataTooLong(data.length, MAX_LENGTH);
        // PUSH2 size, DUP1, PUSH1 10, 0, CODECOPY, 0, RETURN: returns all that follows these ten bytes.
        // The cast cannot cut: the length was bounded above.
        bytes memory init = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a3d393df300", data);
        assembly ("memory-safe") {
            pointer := create(0, add(init, 32), mload(init))
        }
        if (pointer == address(0)) revert CreationFailed();
    }

    /// @dev Reads all that was stored at `pointer`; undefined for an address that is no pointer.
    function read(address pointer) internal view returns (bytes memory data) {
        assembly ("memory-safe") {
            let length := sub(extcodesize(pointer), 1)
            data := mload(0x40)
            mstore(data, length)
            extcodecopy(pointer, add(data, 32), 1, length)
            // The next free word, rounded up to 32 bytes.
            mstore(0x40, and(add(add(data, length), 63), not(31)))
        }
    }
}
