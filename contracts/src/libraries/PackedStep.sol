// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @title One step as a word: flags 1 byte (kind in the lowest three bits, toSeries 0x10, gated 0x20, draws 0x40, scheduled
/// 0x80) | payee 20 | amount 8 | bp 2 | purpose 3 bits | account 5 bits. The last three flags say whether its bounds or the
/// schedule need be read at all.
type PackedStep is uint256;

/// @title What bounds a step, from the highest byte: termFrom 4 | termTo 4 | termLast 4 (of a series payee, so that a
/// settlement need not ask the series) | drawFrom 1 | gate 1 (when in the upper four bits, trigger in the lower). What follows
/// is not of this step.
type PackedBounds is uint256;

using PackedStepLib for PackedStep global;
using PackedBoundsLib for PackedBounds global;

/// @title Reading a packed step.
library PackedStepLib {
    /// @notice Kind of the step.
    function kind(PackedStep step) internal pure returns (IWaterfall.StepKind) {
        return IWaterfall.StepKind((PackedStep.unwrap(step) >> 248) & 0x07);
    }

    /// @notice True if the payee is a series.
    function toSeries(PackedStep step) internal pure returns (bool) {
        return (PackedStep.unwrap(step) >> 252) & 1 != 0;
    }

    /// @notice True if a trigger switches it.
    function gated(PackedStep step) internal pure returns (bool) {
        return (PackedStep.unwrap(step) >> 253) & 1 != 0;
    }

    /// @notice True if a reserve covers what it is short of.
    function draws(PackedStep step) internal pure returns (bool) {
        return (PackedStep.unwrap(step) >> 254) & 1 != 0;
    }

    /// @notice True if the schedule has entries for it.
    function scheduled(PackedStep step) internal pure returns (bool) {
        return PackedStep.unwrap(step) >> 255 != 0;
    }

    /// @notice Receiver, nobody for a reserve.
    function payee(PackedStep step) internal pure returns (address) {
        return address(uint160(PackedStep.unwrap(step) >> 88));
    }

    /// @notice Fixed amount, coupon, target or base fee.
    function amount(PackedStep step) internal pure returns (uint64) {
        return uint64(PackedStep.unwrap(step) >> 24);
    }

    /// @notice Share in basis points.
    function bp(PackedStep step) internal pure returns (uint16) {
        return uint16(PackedStep.unwrap(step) >> 8);
    }

    /// @notice Account of the reserve or the arrears, 0 for none.
    function account(PackedStep step) internal pure returns (uint256) {
        return PackedStep.unwrap(step) & 0x1f;
    }

    /// @notice The step for readers.
    function unpack(PackedStep step, PackedBounds b) internal pure returns (IWaterfall.Step memory s) {
        (s.kind, s.toSeries, s.payee, s.amount, s.bp) =
        (kind(step), toSeries(step), payee(step), amount(step), bp(step));
        s.purpose = IWaterfall.Purpose((PackedStep.unwrap(step) >> 5) & 0x07);
        (s.when, s.trigger) = (IWaterfall.When(b.when()), uint8(b.trigger()));
        (s.account, s.drawFrom) = (uint8(account(step)), uint8(b.drawFrom()));
    }
}

/// @title Reading the bounds of a step.
library PackedBoundsLib {
    /// @notice First period of the payee's term.
    function termFrom(PackedBounds b) internal pure returns (uint256) {
        return PackedBounds.unwrap(b) >> 224;
    }

    /// @notice Last period of the payee's term.
    function termTo(PackedBounds b) internal pure returns (uint256) {
        return uint32(PackedBounds.unwrap(b) >> 192);
    }

    /// @notice Last period in which arrears to the payee are paid.
    function termLast(PackedBounds b) internal pure returns (uint256) {
        return uint32(PackedBounds.unwrap(b) >> 160);
    }

    /// @notice Account of the reserve that covers a shortfall.
    function drawFrom(PackedBounds b) internal pure returns (uint256) {
        return uint8(PackedBounds.unwrap(b) >> 152);
    }

    /// @notice When the step takes part.
    function when(PackedBounds b) internal pure returns (uint256) {
        return (PackedBounds.unwrap(b) >> 148) & 0x0f;
    }

    /// @notice Trigger that switches the step.
    function trigger(PackedBounds b) internal pure returns (uint256) {
        return (PackedBounds.unwrap(b) >> 144) & 0x0f;
    }
}
