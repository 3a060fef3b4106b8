// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title What an offering needs of a series: units for one holder, and whether the holder may have them.
interface IPlacement {
    /// @notice Issues units to one admitted wallet before the series is sealed. @custom:access-control PLACEMENT
    function place(address holder, uint64 units) external;

    /// @notice Whether `holder` could be given `units` now, and if not why; the seal is not looked at.
    function checkPlacement(address holder, uint64 units) external view returns (IRevenueRight.Refusal reason);
}
