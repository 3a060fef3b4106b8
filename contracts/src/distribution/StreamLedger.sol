// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title One stream's money and rule versions as a single word.
/// @notice Bits, from the lowest: escrow 64 | shortfall 64 | multiplierBp 16 | scored 8 | breached 8 | newest 28 | base 28 |
/// newestAt 40. `newest` counts the recorded rule sets and is in force from `newestAt` on; before that `base` is. At one
/// version a transaction 2²⁸ are out of reach.
type StreamLedger is uint256;

using StreamLedgerLib for StreamLedger global;

/// @title Reading and changing a ledger word.
library StreamLedgerLib {
    /// @dev Width of a version.
    uint256 private constant VERSION = (1 << 28) - 1;

    /* MONEY */

    /// @notice Money waiting.
    function escrow(StreamLedger ledger) internal pure returns (uint64) {
        return uint64(StreamLedger.unwrap(ledger));
    }

    /// @notice What earlier periods were short of.
    function shortfall(StreamLedger ledger) internal pure returns (uint64) {
        return uint64(StreamLedger.unwrap(ledger) >> 64);
    }

    /// @notice Last multiplier of the KPI fee.
    function multiplierBp(StreamLedger ledger) internal pure returns (uint16) {
        return uint16(StreamLedger.unwrap(ledger) >> 128);
    }

    /// @notice True if there was a multiplier already.
    function scored(StreamLedger ledger) internal pure returns (bool) {
        return (StreamLedger.unwrap(ledger) >> 144) & 1 != 0;
    }

    /// @notice Replaces the money.
    function withMoney(StreamLedger ledger, uint64 escrow_, uint64 shortfall_) internal pure returns (StreamLedger) {
        uint256 rest = (StreamLedger.unwrap(ledger) >> 128) << 128;
        return StreamLedger.wrap(rest | uint256(shortfall_) << 64 | escrow_);
    }

    /// @notice Records a multiplier.
    function withMultiplier(StreamLedger ledger, uint16 multiplierBp_) internal pure returns (StreamLedger) {
        uint256 rest = StreamLedger.unwrap(ledger) & ~(uint256(type(uint24).max) << 128);
        return StreamLedger.wrap(rest | 1 << 144 | uint256(multiplierBp_) << 128);
    }

    /// @notice Triggers breached in the last settlement.
    function breached(StreamLedger ledger) internal pure returns (uint8) {
        return uint8(StreamLedger.unwrap(ledger) >> 152);
    }

    /// @notice Records the triggers that are breached.
    function withBreached(StreamLedger ledger, uint8 breached_) internal pure returns (StreamLedger) {
        uint256 rest = StreamLedger.unwrap(ledger) & ~(uint256(type(uint8).max) << 152);
        return StreamLedger.wrap(rest | uint256(breached_) << 152);
    }

    /* RULE VERSIONS */

    /// @notice Number of recorded rule sets, which is the newest version.
    function newest(StreamLedger ledger) internal pure returns (uint32) {
        return uint32((StreamLedger.unwrap(ledger) >> 160) & VERSION);
    }

    /// @notice Version in force now, 0 if the stream has no rules.
    function inForce(StreamLedger ledger) internal view returns (uint32) {
        uint256 word = StreamLedger.unwrap(ledger);
        return uint32((word >> 216 <= block.timestamp ? word >> 160 : word >> 188) & VERSION);
    }

    /// @notice Records a new version and from when on it is in force; until then the present one is.
    function withVersion(StreamLedger ledger, uint32 version, uint40 effectiveAt) internal view returns (StreamLedger) {
        uint256 money = uint160(StreamLedger.unwrap(ledger));
        uint256 versions = uint256(effectiveAt) << 216 | uint256(ledger.inForce()) << 188 | uint256(version) << 160;
        return StreamLedger.wrap(versions | money);
    }
}
