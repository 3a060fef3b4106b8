// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ERC-1404: why a transfer is refused, as a code and in words.
interface IERC1404 {
    /// @notice 0 if the transfer would go through, else the number of the refusal (IRevenueRight.Refusal).
    function detectTransferRestriction(address from, address to, uint256 value) external view returns (uint8);

    /// @notice A sentence for a code.
    function messageForTransferRestriction(uint8 restrictionCode) external view returns (string memory);
}
