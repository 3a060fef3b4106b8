// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeriesTerms} from "../SeriesTerms.sol";

/// @title The EIP-712 domain of a series.
/// @dev Computed for each call, since all series share one code: name and address are the clone's.
library PermitDomain {
    bytes32 private constant TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    /// @notice Version in the domain.
    string internal constant VERSION = "1";

    /// @notice Hash of the domain.
    function separator() internal view returns (bytes32) {
        (bytes32 name, bytes32 version) = (keccak256(bytes(SeriesTerms.text(3))), keccak256(bytes(VERSION)));
        return keccak256(abi.encode(TYPE, name, version, block.chainid, address(this)));
    }
}
