// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CodeStore} from "./CodeStore.sol";

/// @title Data stored as code at an address that follows from a key: who knows the key needs no storage slot to find it.
/// @dev A creator, whose own address depends on the key alone (CREATE2 of constant code), creates the code as its first
/// creation (CREATE, whose address depends on the creator and a count). Creating the creator again fails, so each key
/// is written once. Anyone may call a creator later, but that only makes contracts at other addresses. Reading is
/// CodeStore's.
library KeyedCode {
    /// @dev Returns eight bytes of code that create a contract from their input: CALLDATASIZE, 0, 0, CALLDATACOPY,
    /// CALLDATASIZE, 0, CALLVALUE, CREATE. The zeros are RETURNDATASIZE.
    bytes private constant CREATOR = hex"67363d3d37363d34f03d5260086018f3";

    /// @dev Length of stored data up to which the two bytes of its creation code suffice.
    uint256 private constant MAX_LENGTH = 24_575;

    /// @dev Stores `data` at the address that belongs to `key`, which must be new.
    function write(bytes32 key, bytes memory data) internal returns (address pointer) {
        if (data.length > MAX_LENGTH) revert CodeStore.DataTooLong(data.length, MAX_LENGTH);
        // PUSH2 size, DUP1, PUSH1 10, 0, CODECOPY, 0, RETURN: returns all that follows these ten bytes.
        bytes memory init = abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a3d393df300", data);
        bytes memory creator = CREATOR;
        assembly ("memory-safe") {
            let maker := create2(0, add(creator, 0x20), mload(creator), key)
            if maker { pop(call(gas(), maker, 0, add(init, 0x20), mload(init), 0, 0)) }
            pointer := maker
        }
        if (pointer == address(0)) revert CodeStore.CreationFailed();
        pointer = pointerOf(key);
        if (pointer.code.length == 0) revert CodeStore.CreationFailed();
    }

    /// @dev Where this contract stored, or would store, what belongs to `key`.
    function pointerOf(bytes32 key) internal view returns (address pointer) {
        bytes32 creatorHash = keccak256(CREATOR);
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            // Address of the creator: keccak256(0xff ‖ this ‖ key ‖ keccak256(CREATOR)).
            mstore(preimage, or(shl(160, 0xff), address()))
            mstore(add(preimage, 0x20), key)
            mstore(add(preimage, 0x40), creatorHash)
            let maker := shr(96, shl(96, keccak256(add(preimage, 0x0b), 0x55)))
            // Address of its first creation: keccak256 of the list (creator, 1) in RLP.
            mstore(preimage, or(shl(168, 0xd694), or(shl(8, maker), 1)))
            pointer := shr(96, shl(96, keccak256(add(preimage, 0x09), 0x17)))
        }
    }
}
