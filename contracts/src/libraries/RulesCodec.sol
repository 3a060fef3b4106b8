// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";
import {PackedBounds, PackedStep} from "./PackedStep.sol";

/// @title Rules as packed bytes, to be kept as the code of a contract and read by a settlement as they are.
/// @notice Head of 14 bytes: minMultiplierBp 2 | maxMultiplierBp 2 | maxChangeBp 2 | steps 1 | kpis 1 | triggers 1 | entries 1 |
/// accounts 4 (bit a: account a is used). Then 46 bytes a step: its word 32 (see PackedStep) | its bounds 14 (see
/// PackedBounds). Then 9 bytes a KPI: index 1 | floorBp 2 | targetBp 2 | capBp 2 | weightBp 2. Then 10 bytes a trigger: kind 1 |
/// step 1 | dues 4 | thresholdBp 2 | cureBp 2. Then 13 bytes an entry of the schedule: step 1 | fromPeriod 4 | amount 8.
library RulesCodec {
    uint256 private constant HEAD = 14;
    uint256 private constant STEP = 46;
    uint256 private constant KPI = 9;
    uint256 private constant TRIGGER = 10;
    uint256 private constant ENTRY = 13;

    /// @notice Periods of a series payee, zero for any other: first and last of its term, and last in which arrears are paid.
    struct Term {
        uint32 from;
        uint32 to;
        uint32 last;
    }

    /* WHOLE RULES */

    /// @notice Packs rules with the terms of their steps' payees.
    function encode(IWaterfall.Rules memory rules, Term[] memory terms) internal pure returns (bytes memory) {
        bytes memory steps = _encodeSteps(rules, terms);
        bytes memory rest;
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            IWaterfall.Kpi memory k = rules.kpis[i];
            rest = bytes.concat(rest, abi.encodePacked(k.index, k.floorBp, k.targetBp, k.capBp, k.weightBp));
        }
        for (uint256 i = 0; i < rules.triggers.length; ++i) {
            IWaterfall.Trigger memory t = rules.triggers[i];
            rest = bytes.concat(rest, abi.encodePacked(uint8(t.kind), t.step, t.dues, t.thresholdBp, t.cureBp));
        }
        for (uint256 i = 0; i < rules.schedule.length; ++i) {
            IWaterfall.Entry memory e = rules.schedule[i];
            rest = bytes.concat(rest, abi.encodePacked(e.step, e.fromPeriod, e.amount));
        }
        return bytes.concat(_encodeHead(rules), steps, rest);
    }

    function _encodeHead(IWaterfall.Rules memory rules) private pure returns (bytes memory) {
        uint32 used = 0;
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            if (rules.steps[i].account != 0) used |= uint32(1 << rules.steps[i].account);
        }
        (uint8 steps, uint8 kpis) = (uint8(rules.steps.length), uint8(rules.kpis.length));
        (uint8 triggers, uint8 entries) = (uint8(rules.triggers.length), uint8(rules.schedule.length));
        bytes memory first = abi.encodePacked(rules.minMultiplierBp, rules.maxMultiplierBp, rules.maxChangeBp);
        return bytes.concat(first, abi.encodePacked(steps, kpis, triggers, entries, used));
    }

    function _encodeSteps(IWaterfall.Rules memory rules, Term[] memory terms) private pure returns (bytes memory data) {
        uint256 scheduled = 0;
        for (uint256 i = 0; i < rules.schedule.length; ++i) {
            scheduled |= 1 << rules.schedule[i].step;
        }
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            IWaterfall.Step memory step = rules.steps[i];
            uint256 flags = uint256(step.kind);
            if (step.toSeries) flags |= 0x10;
            if (step.when != IWaterfall.When.Always) flags |= 0x20;
            if (step.drawFrom != 0) flags |= 0x40;
            if (scheduled >> i & 1 != 0) flags |= 0x80;
            uint8 low = uint8(step.purpose) << 5 | step.account;
            data = bytes.concat(data, abi.encodePacked(uint8(flags), step.payee, step.amount, step.bp, low));
            (Term memory t, uint8 gate) = (terms[i], uint8(step.when) << 4 | step.trigger);
            data = bytes.concat(data, abi.encodePacked(t.from, t.to, t.last, step.drawFrom, gate));
        }
    }

    /// @notice Unpacks rules.
    function decode(bytes memory data) internal pure returns (IWaterfall.Rules memory rules) {
        (rules.minMultiplierBp, rules.maxMultiplierBp, rules.maxChangeBp) = bounds(data);
        rules.steps = new IWaterfall.Step[](stepCount(data));
        rules.kpis = new IWaterfall.Kpi[](kpiCount(data));
        rules.triggers = new IWaterfall.Trigger[](triggerCount(data));
        rules.schedule = new IWaterfall.Entry[](entryCount(data));
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            rules.steps[i] = stepAt(data, i).unpack(boundsAt(data, i));
        }
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            rules.kpis[i] = kpiAt(data, i);
        }
        for (uint256 i = 0; i < rules.triggers.length; ++i) {
            rules.triggers[i] = triggerAt(data, i);
        }
        for (uint256 i = 0; i < rules.schedule.length; ++i) {
            rules.schedule[i] = entryAt(data, i);
        }
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

    /// @notice Number of triggers.
    function triggerCount(bytes memory data) internal pure returns (uint256) {
        return uint8(_word(data, 0) >> 184);
    }

    /// @notice Number of entries of the schedule.
    function entryCount(bytes memory data) internal pure returns (uint256) {
        return uint8(_word(data, 0) >> 176);
    }

    /// @notice Bit a set: account a is used.
    function accounts(bytes memory data) internal pure returns (uint256) {
        return uint32(_word(data, 0) >> 144);
    }

    /// @notice Step `i`.
    function stepAt(bytes memory data, uint256 i) internal pure returns (PackedStep) {
        unchecked {
            return PackedStep.wrap(_word(data, HEAD + i * STEP));
        }
    }

    /// @notice Bounds of step `i`.
    function boundsAt(bytes memory data, uint256 i) internal pure returns (PackedBounds) {
        unchecked {
            return PackedBounds.wrap(_word(data, HEAD + i * STEP + 32));
        }
    }

    /// @notice KPI `i`.
    function kpiAt(bytes memory data, uint256 i) internal pure returns (IWaterfall.Kpi memory) {
        uint256 k = _word(data, HEAD + stepCount(data) * STEP + i * KPI);
        return IWaterfall.Kpi(uint8(k >> 248), uint16(k >> 232), uint16(k >> 216), uint16(k >> 200), uint16(k >> 184));
    }

    /// @notice Trigger `i`.
    function triggerAt(bytes memory data, uint256 i) internal pure returns (IWaterfall.Trigger memory) {
        uint256 t = _word(data, HEAD + stepCount(data) * STEP + kpiCount(data) * KPI + i * TRIGGER);
        IWaterfall.TriggerKind kind = IWaterfall.TriggerKind(t >> 248);
        return IWaterfall.Trigger(kind, uint8(t >> 240), uint32(t >> 208), uint16(t >> 192), uint16(t >> 176));
    }

    /// @notice Entry `i` of the schedule.
    function entryAt(bytes memory data, uint256 i) internal pure returns (IWaterfall.Entry memory) {
        uint256 e = _word(data, _scheduleAt(data) + i * ENTRY);
        return IWaterfall.Entry(uint8(e >> 248), uint32(e >> 216), uint64(e >> 152));
    }

    /// @notice What the schedule says for step `i` in `period`; `otherwise` before its first entry.
    function scheduledAmount(bytes memory data, uint256 i, uint256 period, uint256 otherwise)
        internal
        pure
        returns (uint256 amount)
    {
        amount = otherwise;
        uint256 place = _scheduleAt(data);
        unchecked {
            for (uint256 end = place + entryCount(data) * ENTRY; place < end; place += ENTRY) {
                uint256 e = _word(data, place);
                // Ordered by step and period: past this one nothing that counts can follow.
                if (e >> 248 > i || (e >> 248 == i && uint32(e >> 216) > period)) break;
                if (e >> 248 == i) amount = uint64(e >> 152);
            }
        }
    }

    function _scheduleAt(bytes memory data) private pure returns (uint256) {
        unchecked {
            return HEAD + stepCount(data) * STEP + kpiCount(data) * KPI + triggerCount(data) * TRIGGER;
        }
    }

    /// @dev 32 bytes from `offset`. Where the last fields are shorter than a word, what lies behind them is read too and cut
    /// off by who asked.
    function _word(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 0x20), offset))
        }
    }
}
