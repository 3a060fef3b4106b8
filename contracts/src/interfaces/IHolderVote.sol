// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Votes of a series' holders, as far as other contracts need them.
interface IHolderVote {
    /// @notice True if the holders of `series` passed `motion`.
    function isApproved(address series, bytes32 motion) external view returns (bool);
}
