// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @title Rules as packed bytes, to be kept as the code of a contract.
/// @notice Head of 8 bytes: minMultiplierBp 2 | maxMultiplierBp 2 | maxChangeBp 2 | steps 1 | kpis 1. Then 39 bytes a step: flags 1
/// (kind in the lower four bits, toSeries 0x10, carries 0x20) | payee 20 | amount 8 | bp 2 | termFrom 4 | termTo 4; then 9
/// bytes a KPI: index 1 | floorBp 2 | targetBp 2 | capBp 2 | weightBp 2. The term is that of a series payee; it stands here
/// so that a settlement need not ask the series.
library RulesCodec {
    uint256 private constant HEAD = 8;
    uint256 private constant STEP = 39;
    uint256 private constant KPI = 9;
    uint256 private constant TO_SERIES = 0x10;
    uint256 private constant CARRIES = 0x20;

    /// @notice Term of a series payee, zero for any other.
    struct Term {
        uint32 from;
        uint32 to;
    }

    /// @notice Packs rules with the terms of their steps' payees.
    function encode(IWaterfall.Rules memory rules, Term[] memory terms) internal pure returns (bytes memory data) {
        data = abi.encodePacked(
            rules.minMultiplierBp,
            rules.maxMultiplierBp,
            rules.maxChangeBp,
            uint8(rules.steps.length),
            uint8(rules.kpis.length)
        );
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            data = bytes.concat(data, _encodeStep(rules.steps[i], terms[i]));
        }
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            IWaterfall.Kpi memory k = rules.kpis[i];
            data = bytes.concat(data, abi.encodePacked(k.index, k.floorBp, k.targetBp, k.capBp, k.weightBp));
        }
    }

    /// @notice Unpacks rules.
    function decode(bytes memory data) internal pure returns (IWaterfall.Rules memory rules) {
        uint256 head = _word(data, 0);
        (rules.minMultiplierBp, rules.maxMultiplierBp) = (uint16(head >> 240), uint16(head >> 224));
        rules.maxChangeBp = uint16(head >> 208);
        rules.steps = new IWaterfall.Step[](uint8(head >> 200));
        rules.kpis = new IWaterfall.Kpi[](uint8(head >> 192));
        uint256 offset = HEAD;
        for (uint256 i = 0; i < rules.steps.length; (++i, offset += STEP)) {
            _decodeStep(rules.steps[i], _word(data, offset));
        }
        for (uint256 i = 0; i < rules.kpis.length; (++i, offset += KPI)) {
            _decodeKpi(rules.kpis[i], _word(data, offset));
        }
    }

    /// @notice Bit i set: step i pays a series whose term does not include `period`.
    function dormant(bytes memory data, uint32 period) internal pure returns (uint256 bits) {
        uint256 steps = uint8(_word(data, 0) >> 200);
        for (uint256 i = 0; i < steps; ++i) {
            uint256 offset = HEAD + i * STEP;
            if ((_word(data, offset) >> 248) & TO_SERIES == 0) continue;
            uint256 term = _word(data, offset + STEP - 8);
            if (period < uint32(term >> 224) || period > uint32(term >> 192)) bits |= 1 << i;
        }
    }

    function _encodeStep(IWaterfall.Step memory step, Term memory term) private pure returns (bytes memory) {
        uint256 flags = uint256(step.kind);
        if (step.toSeries) flags |= TO_SERIES;
        if (step.carries) flags |= CARRIES;
        return abi.encodePacked(uint8(flags), step.payee, step.amount, step.bp, term.from, term.to);
    }

    function _decodeStep(IWaterfall.Step memory step, uint256 word) private pure {
        uint256 flags = word >> 248;
        step.kind = IWaterfall.StepKind(flags & 0x0f);
        (step.toSeries, step.carries) = (flags & TO_SERIES != 0, flags & CARRIES != 0);
        step.payee = address(uint160(word >> 88));
        (step.amount, step.bp) = (uint64(word >> 24), uint16(word >> 8));
    }

    function _decodeKpi(IWaterfall.Kpi memory kpi, uint256 word) private pure {
        kpi.index = uint8(word >> 248);
        (kpi.floorBp, kpi.targetBp) = (uint16(word >> 232), uint16(word >> 216));
        (kpi.capBp, kpi.weightBp) = (uint16(word >> 200), uint16(word >> 184));
    }

    /// @dev 32 bytes from `offset`. Reads past the end, where the last field is shorter than a word, meet memory that is not used.
    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
