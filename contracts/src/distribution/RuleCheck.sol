// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @dev Steps of one stream.
uint256 constant MAX_STEPS = 32;

/// @title What rules must be, as far as the rules alone can tell.
/// @notice Fields that a kind does not use must be zero, so that rules cannot say something that has no effect.
library RuleCheck {
    /// @dev Places in a statement's KPI vector.
    uint256 private constant MAX_KPIS = 16;
    uint256 private constant ONE_BP = 10_000;
    /// @dev 2⁵⁷, with 6 decimals 144 billion: 32 full reserves stay below 2⁶² (see Waterfall, WIDTHS).
    uint256 private constant MAX_AMOUNT = 1 << 57;

    /// @notice Checks everything but the payees.
    function requireValid(uint32 stream, IWaterfall.Rules memory rules) internal pure {
        uint256 count = rules.steps.length;
        _require(count != 0 && count <= MAX_STEPS, stream, 0, "steps", count);
        IWaterfall.Step memory last = rules.steps[count - 1];
        _require(last.kind == IWaterfall.StepKind.Residual, stream, count - 1, "kind", uint256(last.kind));
        _require(!last.toSeries, stream, count - 1, "toSeries", 1);
        bool scored = false;
        for (uint256 i = 0; i < count; ++i) {
            _requireStep(stream, i, rules.steps[i]);
            if (rules.steps[i].kind != IWaterfall.StepKind.KpiFee) continue;
            _require(!scored, stream, i, "kind", uint256(IWaterfall.StepKind.KpiFee));
            scored = true;
        }
        _requireKpis(stream, rules, scored);
    }

    function _requireStep(uint32 stream, uint256 i, IWaterfall.Step memory step) private pure {
        IWaterfall.StepKind k = step.kind;
        bool fixed_ = k == IWaterfall.StepKind.Fixed || k == IWaterfall.StepKind.Due;
        bool fee = k == IWaterfall.StepKind.KpiFee;
        bool residual = k == IWaterfall.StepKind.Residual;
        bool available = k == IWaterfall.StepKind.PercentOfAvailable;
        bool hasAmount = fixed_ || fee || k == IWaterfall.StepKind.Reserve;
        bool hasShare = fee || available || k == IWaterfall.StepKind.PercentOfReceipts;
        bool seriesAllowed = k == IWaterfall.StepKind.Due || residual || available;
        _require(step.amount <= (hasAmount ? MAX_AMOUNT : 0), stream, i, "amount", step.amount);
        _require(step.bp <= (hasShare ? ONE_BP : 0), stream, i, "bp", step.bp);
        _require(fixed_ || !step.carries, stream, i, "carries", 1);
        _require(seriesAllowed || !step.toSeries, stream, i, "toSeries", 1);
        _require(step.toSeries || k != IWaterfall.StepKind.Due, stream, i, "toSeries", 0);
    }

    function _requireKpis(uint32 stream, IWaterfall.Rules memory rules, bool scored) private pure {
        uint256 count = rules.kpis.length;
        _require((count != 0) == scored && count <= MAX_KPIS, stream, 0, "kpis", count);
        bool ordered = rules.minMultiplierBp <= rules.maxMultiplierBp;
        _require(ordered, stream, 0, "minMultiplierBp", rules.minMultiplierBp);
        uint256 weights = 0;
        for (uint256 i = 0; i < count; ++i) {
            IWaterfall.Kpi memory kpi = rules.kpis[i];
            _require(kpi.index < MAX_KPIS, stream, i, "kpi.index", kpi.index);
            _require(kpi.floorBp != kpi.targetBp, stream, i, "kpi.targetBp", kpi.targetBp);
            weights += kpi.weightBp;
        }
        _require(!scored || weights == ONE_BP, stream, 0, "kpi.weightBp", weights);
    }

    function _require(bool valid, uint32 stream, uint256 step, bytes32 field, uint256 value) private pure {
        if (!valid) revert IWaterfall.InvalidRules(stream, step, field, value);
    }
}
