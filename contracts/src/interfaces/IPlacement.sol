// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title What a series says about a placement before it is made.
interface IPlacement {
    /// @notice Whether `place` would give `holder` these units, and if not why and until when (0 if unknown). The seal is not
    /// looked at.
    function checkPlacement(address holder, uint64 units)
        external
        view
        returns (IRevenueRight.Refusal reason, uint40 until);
}
