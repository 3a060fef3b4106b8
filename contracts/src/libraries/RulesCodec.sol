// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @title One step as a word: flags 1 byte (kind in the lower four bits, toSeries 0x10, carries 0x20) | payee 20 | amount 8 |
/// bp 2 | free 1.
type PackedStep is uint256;

using PackedStepLib for PackedStep global;

/// @title Reading a packed step.
library PackedStepLib {
    /// @notice Kind of the step.
    function kind(PackedStep step) internal pure returns (IWaterfall.StepKind) {
        return IWaterfall.StepKind((PackedStep.unwrap(step) >> 248) & 0x0f);
    }

    /// @notice True if the payee is a series.
    function toSeries(PackedStep step) internal pure returns (bool) {
        return (PackedStep.unwrap(step) >> 252) & 1 != 0;
    }

    /// @notice True if what is not paid stays due.
    function carries(PackedStep step) internal pure returns (bool) {
        return (PackedStep.unwrap(step) >> 253) & 1 != 0;
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
}

/// @title Rules as packed bytes, to be kept as the code of a contract and read by a settlement as they are.
/// @notice Head of 12 bytes: minMultiplierBp 2 | maxMultiplierBp 2 | maxChangeBp 2 | steps 1 | kpis 1 | holders 4 (bit i: step i may
/// have a balance). Then 40 bytes a step: its word 32 | termFrom 4 | termTo 4, the term being that of a series payee, so
/// that a settlement need not ask the series. Then 9 bytes a KPI: index 1 | floorBp 2 | targetBp 2 | capBp 2 | weightBp 2.
library RulesCodec {
    uint256 private constant HEAD = 12;
    uint256 private constant STEP = 40;
    uint256 private constant KPI = 9;

    /// @notice First and last period of a series payee, zero for any other.
    struct Term {
        uint32 from;
        uint32 to;
    }

    /* WHOLE RULES */

    /// @notice Packs rules with the terms of their steps' payees.
    function encode(IWaterfall.Rules memory rules, Term[] memory terms) internal pure returns (bytes memory data) {
        uint32 holding = 0;
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            if (holds(rules.steps[i])) holding |= uint32(1 << i);
            data = bytes.concat(data, _packStep(rules.steps[i]), abi.encodePacked(terms[i].from, terms[i].to));
        }
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            IWaterfall.Kpi memory k = rules.kpis[i];
            data = bytes.concat(data, abi.encodePacked(k.index, k.floorBp, k.targetBp, k.capBp, k.weightBp));
        }
        (uint8 steps, uint8 kpis) = (uint8(rules.steps.length), uint8(rules.kpis.length));
        bytes memory first = abi.encodePacked(rules.minMultiplierBp, rules.maxMultiplierBp, rules.maxChangeBp);
        return bytes.concat(first, abi.encodePacked(steps, kpis, holding), data);
    }

    /// @notice Unpacks rules.
    function decode(bytes memory data) internal pure returns (IWaterfall.Rules memory rules) {
        (rules.minMultiplierBp, rules.maxMultiplierBp, rules.maxChangeBp) = bounds(data);
        rules.steps = new IWaterfall.Step[](stepCount(data));
        rules.kpis = new IWaterfall.Kpi[](kpiCount(data));
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            PackedStep s = stepAt(data, i);
            rules.steps[i] = IWaterfall.Step(s.kind(), s.toSeries(), s.carries(), s.payee(), s.amount(), s.bp());
        }
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            rules.kpis[i] = kpiAt(data, i);
        }
    }

    /// @notice True if the step may have arrears or a reserve from one period to the next.
    function holds(IWaterfall.Step memory step) internal pure returns (bool) {
        return step.carries || step.kind == IWaterfall.StepKind.Reserve;
    }

    /* PARTS OF PACKED RULES */

    /// @notice Least and largest multiplier, and its largest change.
    function bounds(bytes memory data) internal pure returns (uint16 least, uint16 most, uint16 change) {
        uint256 head = _word(data, 0);
        return (uint16(head >> 240), uint16(head >> 224), uint16(head >> 208));
    }

    /// @notice Number of steps.
    function stepCount(bytes memory data) internal pure returns (uint256) {
        return uint8(_word(data, 0) >> 200);
    }

    /// @notice Number of KPIs.
    function kpiCount(bytes memory data) internal pure returns (uint256) {
        return uint8(_word(data, 0) >> 192);
    }

    /// @notice Bit i set: step i may have a balance.
    function holders(bytes memory data) internal pure returns (uint256) {
        return uint32(_word(data, 0) >> 160);
    }

    /// @notice Step `i`.
    function stepAt(bytes memory data, uint256 i) internal pure returns (PackedStep) {
        unchecked {
            return PackedStep.wrap(_word(data, HEAD + i * STEP));
        }
    }

    /// @notice True if the term of the series that step `i` pays includes `period`.
    function inTerm(bytes memory data, uint256 i, uint256 period) internal pure returns (bool) {
        unchecked {
            uint256 term = _word(data, HEAD + i * STEP + 32);
            return period >= uint32(term >> 224) && period <= uint32(term >> 192);
        }
    }

    /// @notice KPI `i`.
    function kpiAt(bytes memory data, uint256 i) internal pure returns (IWaterfall.Kpi memory) {
        uint256 k = _word(data, HEAD + stepCount(data) * STEP + i * KPI);
        return IWaterfall.Kpi(uint8(k >> 248), uint16(k >> 232), uint16(k >> 216), uint16(k >> 200), uint16(k >> 184));
    }

    function _packStep(IWaterfall.Step memory step) private pure returns (bytes32) {
        uint256 flags = uint256(step.kind);
        if (step.toSeries) flags |= 0x10;
        if (step.carries) flags |= 0x20;
        return bytes32(abi.encodePacked(uint8(flags), step.payee, step.amount, step.bp));
    }

    /// @dev 32 bytes from `offset`. Where the last fields are shorter than a word, what lies behind them is read too and cut
    /// off by who asked.
    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
