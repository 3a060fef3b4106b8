// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What a series asks of the contract that distributes to it, beyond the money.
interface IIncomeSource {
    /// @notice Last period of a stream that is settled: no money can come for it, or for an earlier one, any more.
    function settledThrough(uint32 stream) external view returns (uint32 period);
}
