// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title What a series knows about all holders together, as a single word.
/// @notice Bits, from the lowest: acc 64 | supply 64 | lastPeriod 32 | distributions 32 | paused 1 | sealed 1.
type SeriesState is uint256;

using SeriesStateLib for SeriesState global;

/// @title Reading and changing a state word.
library SeriesStateLib {
    uint256 private constant PAUSED = 1 << 192;
    uint256 private constant SEALED = 1 << 193;

    /// @notice Currency units ever received.
    function acc(SeriesState state) internal pure returns (uint64) {
        return uint64(SeriesState.unwrap(state));
    }

    /// @notice Units outstanding.
    function supply(SeriesState state) internal pure returns (uint64) {
        return uint64(SeriesState.unwrap(state) >> 64);
    }

    /// @notice Last period distributed.
    function lastPeriod(SeriesState state) internal pure returns (uint32) {
        return uint32(SeriesState.unwrap(state) >> 128);
    }

    /// @notice Number of distributions.
    function distributions(SeriesState state) internal pure returns (uint32) {
        return uint32(SeriesState.unwrap(state) >> 160);
    }

    /// @notice True while units do not move.
    function paused(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & PAUSED != 0;
    }

    /// @notice True once issuance is finished.
    function isSealed(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & SEALED != 0;
    }

    /// @notice Counts a distribution.
    function distributed(SeriesState state, uint64 acc_, uint32 period) internal pure returns (SeriesState) {
        unchecked {
            // One distribution a period, so their number fits wherever the period does.
            uint256 rest = ((SeriesState.unwrap(state) >> 160) + 1) << 160;
            return SeriesState.wrap(rest | uint256(period) << 128 | uint256(state.supply()) << 64 | acc_);
        }
    }

    /// @notice Replaces the supply.
    function withSupply(SeriesState state, uint64 supply_) internal pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~(uint256(type(uint64).max) << 64);
        return SeriesState.wrap(rest | uint256(supply_) << 64);
    }

    /// @notice Pauses or resumes.
    function withPaused(SeriesState state, bool paused_) internal pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~PAUSED;
        return SeriesState.wrap(paused_ ? rest | PAUSED : rest);
    }

    /// @notice Ends issuance.
    function withSeal(SeriesState state) internal pure returns (SeriesState) {
        return SeriesState.wrap(SeriesState.unwrap(state) | SEALED);
    }

    /// @notice The state as the interface shows it.
    function unpack(SeriesState s) internal pure returns (IRevenueRight.State memory) {
        return IRevenueRight.State({
            acc: s.acc(),
            supply: s.supply(),
            lastPeriod: s.lastPeriod(),
            distributions: s.distributions(),
            paused: s.paused(),
            sealed_: s.isSealed()
        });
    }
}
