// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";

/// @title What a series knows about all holders together, as a single word.
/// @notice Bits, from the lowest: acc 64 | supply 48 | recordAt 40 | recordPeriod 24 | prevRecord 24 | lastPeriod 24 |
/// distributions 24 | flags 8 (paused, sealed, moved, backlog, snapshot, restricted, closed, supervised).
/// @dev recordPeriod is the newest record date announced, at recordAt, which may lie ahead; prevRecord the one before it. `moved`
/// says that some account may carry a mark, `backlog` that still older record dates wait for their money, `snapshot`
/// that balances are being kept for a vote, `restricted` that the jurisdiction policy is asked before a transfer,
/// `supervised` that an external compliance contract is.
type SeriesState is uint256;

using SeriesStateLib for SeriesState global;

/// @title Reading and changing a state word.
library SeriesStateLib {
    uint256 private constant SUPPLY_AT = 64;
    uint256 private constant RECORD_AT_AT = 112;
    uint256 private constant RECORD_AT = 152;
    uint256 private constant PREVIOUS_AT = 176;
    uint256 private constant LAST_AT = 200;
    uint256 private constant NUMBER_AT = 224;
    uint256 private constant PERIOD_FIELD = type(uint24).max;
    uint256 private constant PAUSED = 1 << 248;
    uint256 private constant SEALED = 1 << 249;
    uint256 private constant MOVED = 1 << 250;
    uint256 private constant BACKLOG = 1 << 251;
    uint256 private constant SNAPSHOT = 1 << 252;
    uint256 private constant RESTRICTED = 1 << 253;
    uint256 private constant CLOSED = 1 << 254;
    uint256 private constant SUPERVISED = 1 << 255;

    /* MONEY AND UNITS */

    /// @notice Currency units ever received.
    function acc(SeriesState state) internal pure returns (uint64) {
        return uint64(SeriesState.unwrap(state));
    }

    /// @notice Units issued: what every income is divided by, also after units were redeemed.
    function supply(SeriesState state) internal pure returns (uint48) {
        return uint48(SeriesState.unwrap(state) >> SUPPLY_AT);
    }

    /// @notice Last period distributed.
    function lastPeriod(SeriesState state) internal pure returns (uint24) {
        return uint24(SeriesState.unwrap(state) >> LAST_AT);
    }

    /// @notice Number of distributions.
    function distributions(SeriesState state) internal pure returns (uint24) {
        return uint24(SeriesState.unwrap(state) >> NUMBER_AT);
    }

    /// @notice Counts a distribution.
    function distributed(SeriesState state, uint64 acc_, uint256 period) internal pure returns (SeriesState) {
        unchecked {
            // One distribution a period, so their number fits wherever the period does.
            uint256 rest = SeriesState.unwrap(state) & ~(PERIOD_FIELD << LAST_AT | type(uint64).max);
            return SeriesState.wrap((rest | period << LAST_AT | acc_) + (1 << NUMBER_AT));
        }
    }

    /// @notice Replaces the supply.
    function withSupply(SeriesState state, uint48 supply_) internal pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~(uint256(type(uint48).max) << SUPPLY_AT);
        return SeriesState.wrap(rest | uint256(supply_) << SUPPLY_AT);
    }

    /* RECORD DATES */

    /// @notice Time of the newest record date, 0 if there is none.
    function recordAt(SeriesState state) internal pure returns (uint40) {
        return uint40(SeriesState.unwrap(state) >> RECORD_AT_AT);
    }

    /// @notice Period of the newest record date.
    function recordPeriod(SeriesState state) internal pure returns (uint24) {
        return uint24(SeriesState.unwrap(state) >> RECORD_AT);
    }

    /// @notice Period of the record date before the newest.
    function prevRecord(SeriesState state) internal pure returns (uint24) {
        return uint24(SeriesState.unwrap(state) >> PREVIOUS_AT);
    }

    /// @notice Period of the newest record date that has passed while its money is still to come; 0 if there is none.
    function openRecord(SeriesState state) internal view returns (uint256 period) {
        period = state.passedRecord();
        if (period <= state.lastPeriod()) period = 0;
    }

    /// @notice Period of the newest record date that has passed, paid or not; 0 if there is none.
    function passedRecord(SeriesState state) internal view returns (uint256) {
        return block.timestamp < state.recordAt() ? state.prevRecord() : state.recordPeriod();
    }

    /// @notice Replaces the newest record date.
    function withRecord(SeriesState state, uint256 period, uint256 moment) internal pure returns (SeriesState) {
        uint256 field = PERIOD_FIELD << RECORD_AT | uint256(type(uint40).max) << RECORD_AT_AT;
        return SeriesState.wrap((SeriesState.unwrap(state) & ~field) | period << RECORD_AT | moment << RECORD_AT_AT);
    }

    /// @notice Makes the newest record date the one before the newest.
    function withRecordRetired(SeriesState state) internal pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~(PERIOD_FIELD << PREVIOUS_AT);
        return SeriesState.wrap(rest | uint256(state.recordPeriod()) << PREVIOUS_AT);
    }

    /* FLAGS */

    /// @notice True while units do not move.
    function paused(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & PAUSED != 0;
    }

    /// @notice True once issuance is finished.
    function isSealed(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & SEALED != 0;
    }

    /// @notice True if some account may carry a mark.
    function moved(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & MOVED != 0;
    }

    /// @notice True if record dates older than prevRecord may be outstanding.
    function backlog(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & BACKLOG != 0;
    }

    /// @notice True if balances may have to be kept for a vote.
    function snapshotOpen(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & SNAPSHOT != 0;
    }

    /// @notice True while the jurisdiction policy forbids transfers.
    function restricted(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & RESTRICTED != 0;
    }

    /// @notice True once no more money can come.
    function closed(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & CLOSED != 0;
    }

    /// @notice True between sealing and closing, with something to share.
    function inService(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & (SEALED | CLOSED) == SEALED && state.supply() != 0;
    }

    /// @notice True if units may move as far as the series is concerned: sealed, and neither paused, restricted nor closed.
    function isTrading(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & (PAUSED | SEALED | RESTRICTED | CLOSED) == SEALED;
    }

    /// @notice Pauses or resumes.
    function withPaused(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, PAUSED, on);
    }

    /// @notice Ends issuance.
    function withSeal(SeriesState state) internal pure returns (SeriesState) {
        return _with(state, SEALED, true);
    }

    /// @notice Sets whether accounts may carry marks.
    function withMoved(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, MOVED, on);
    }

    /// @notice Sets whether older record dates are outstanding.
    function withBacklog(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, BACKLOG, on);
    }

    /// @notice Sets whether balances are kept for a vote.
    function withSnapshot(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, SNAPSHOT, on);
    }

    /// @notice Sets whether a policy forbids transfers.
    function withRestricted(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, RESTRICTED, on);
    }

    /// @notice True if an external compliance contract is asked about transfers and told of them.
    function supervised(SeriesState state) internal pure returns (bool) {
        return SeriesState.unwrap(state) & SUPERVISED != 0;
    }

    /// @notice Sets whether an external compliance contract is asked and told.
    function withSupervised(SeriesState state, bool on) internal pure returns (SeriesState) {
        return _with(state, SUPERVISED, on);
    }

    /// @notice Ends the life of the series: nothing up to `period`, the last payable one, can still be paid.
    function withClosed(SeriesState state, uint256 period) internal pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~(PERIOD_FIELD << LAST_AT);
        return SeriesState.wrap(rest | period << LAST_AT | CLOSED);
    }

    /// @notice The state as the interface shows it.
    function unpack(SeriesState s) internal pure returns (IRevenueRight.State memory) {
        return IRevenueRight.State({
            acc: s.acc(),
            supply: s.supply(),
            recordAt: s.recordAt(),
            recordPeriod: s.recordPeriod(),
            prevRecord: s.prevRecord(),
            lastPeriod: s.lastPeriod(),
            distributions: s.distributions(),
            paused: s.paused(),
            sealed_: s.isSealed(),
            restricted: s.restricted(),
            closed: s.closed()
        });
    }

    function _with(SeriesState state, uint256 flag, bool on) private pure returns (SeriesState) {
        uint256 rest = SeriesState.unwrap(state) & ~flag;
        return SeriesState.wrap(on ? rest | flag : rest);
    }
}
