// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStreamRegistry} from "../interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../interfaces/IWaterfall.sol";

/// @dev Accounts of one stream, of which account 0 means "none".
uint256 constant MAX_ACCOUNTS = 32;

/// @title What rules must be, as far as the rules and the stream's terms can tell.
/// @notice Fields that a kind does not use must be zero, so that rules cannot say something that has no effect. A step that a
/// trigger switches comes after the place at which the trigger is judged, and what a trigger counts always takes part: so
/// the order of steps never depends on itself.
library RuleCheck {
    /// @dev Steps of one stream.
    uint256 private constant MAX_STEPS = 32;
    uint256 private constant MAX_TRIGGERS = 8;
    uint256 private constant MAX_ENTRIES = 255;
    /// @dev Places in a statement's KPI vector.
    uint256 private constant MAX_KPIS = 16;
    uint256 private constant ONE_BP = 10_000;
    /// @dev 2⁵⁷, with 6 decimals 144 billion: 31 full reserves stay below 2⁶² (see Waterfall, WIDTHS).
    uint256 private constant MAX_AMOUNT = 1 << 57;

    /* WHOLE RULES */

    /// @notice Checks everything but the payees.
    function requireValid(uint32 stream, IWaterfall.Rules memory rules) internal pure {
        uint256 count = rules.steps.length;
        _require(count != 0 && count <= MAX_STEPS, stream, 0, "steps", count);
        _require(rules.triggers.length <= MAX_TRIGGERS, stream, 0, "triggers", rules.triggers.length);
        IWaterfall.Step memory last = rules.steps[count - 1];
        _require(last.kind == IWaterfall.StepKind.Residual, stream, count - 1, "kind", uint256(last.kind));
        _require(!last.toSeries, stream, count - 1, "toSeries", 1);
        _require(last.when == IWaterfall.When.Always, stream, count - 1, "when", uint256(last.when));
        bool scored = false;
        for (uint256 i = 0; i < count; ++i) {
            _requireStep(stream, i, rules.steps[i]);
            _requireGate(stream, i, rules);
            _requireAccounts(stream, i, rules.steps);
            if (rules.steps[i].kind != IWaterfall.StepKind.KpiFee) continue;
            _require(!scored, stream, i, "kind", uint256(IWaterfall.StepKind.KpiFee));
            scored = true;
        }
        _requireKpis(stream, rules, scored);
        _requireTriggers(stream, rules);
        _requireSchedule(stream, rules);
    }

    /// @notice Owners first: where a stream uses common parts, a step of at least the stated share of receipts for the owners
    /// comes before everything but public charges. Those are shares of receipts too and leave the owners' share whole, since
    /// nobody but the issuer says that a step is a public charge.
    function requireOwnersFirst(uint32 stream, IWaterfall.Step[] memory steps, IStreamRegistry.Terms memory terms)
        internal
        pure
    {
        if (!terms.commonParts) return;
        uint256 before = 0;
        for (uint256 i = 0; i < steps.length; ++i) {
            IWaterfall.Purpose purpose = steps[i].purpose;
            _require(purpose != IWaterfall.Purpose.General, stream, i, "purpose", uint256(purpose));
            bool ofReceipts = steps[i].kind == IWaterfall.StepKind.PercentOfReceipts;
            _require(ofReceipts, stream, i, "kind", uint256(steps[i].kind));
            if (purpose == IWaterfall.Purpose.OwnersShare) {
                _require(steps[i].bp >= terms.ownersShareBp, stream, i, "bp", steps[i].bp);
                return;
            }
            before += steps[i].bp;
            _require(before + terms.ownersShareBp <= ONE_BP, stream, i, "bp", steps[i].bp);
        }
        _require(false, stream, steps.length, "purpose", 0);
    }

    /* STEPS */

    function _requireStep(uint32 stream, uint256 i, IWaterfall.Step memory step) private pure {
        IWaterfall.StepKind k = step.kind;
        bool fixed_ = k == IWaterfall.StepKind.Fixed || k == IWaterfall.StepKind.Due;
        bool fee = k == IWaterfall.StepKind.KpiFee;
        bool residual = k == IWaterfall.StepKind.Residual;
        bool available = k == IWaterfall.StepKind.PercentOfAvailable;
        bool share = available || k == IWaterfall.StepKind.PercentOfReceipts;
        bool reserve = k == IWaterfall.StepKind.Reserve;
        _require(step.amount <= (fixed_ || fee || reserve ? MAX_AMOUNT : 0), stream, i, "amount", step.amount);
        _require(step.bp <= (fee || share ? ONE_BP : 0), stream, i, "bp", step.bp);
        _require(
            reserve ? step.account != 0 && step.account < MAX_ACCOUNTS : step.account < (fixed_ ? MAX_ACCOUNTS : 1),
            stream,
            i,
            "account",
            step.account
        );
        _require(step.drawFrom < (fixed_ ? MAX_ACCOUNTS : 1), stream, i, "drawFrom", step.drawFrom);
        _require(k == IWaterfall.StepKind.Due || residual || available || !step.toSeries, stream, i, "toSeries", 1);
        _require(step.toSeries || k != IWaterfall.StepKind.Due, stream, i, "toSeries", 0);
        _requirePurpose(stream, i, step, share);
    }

    /// @dev A public charge is a sum or a share of receipts; an owners' share is a share that always takes part.
    function _requirePurpose(uint32 stream, uint256 i, IWaterfall.Step memory step, bool share) private pure {
        if (step.purpose == IWaterfall.Purpose.General) return;
        bool charge = step.kind == IWaterfall.StepKind.Fixed || step.kind == IWaterfall.StepKind.PercentOfReceipts;
        bool valid =
            step.purpose == IWaterfall.Purpose.PublicCharge ? charge : share && step.when == IWaterfall.When.Always;
        _require(valid && !step.toSeries, stream, i, "purpose", uint256(step.purpose));
    }

    function _requireGate(uint32 stream, uint256 i, IWaterfall.Rules memory rules) private pure {
        IWaterfall.Step memory step = rules.steps[i];
        if (step.when == IWaterfall.When.Always) {
            _require(step.trigger == 0, stream, i, "trigger", step.trigger);
            return;
        }
        _require(step.trigger < rules.triggers.length, stream, i, "trigger", step.trigger);
        _require(rules.triggers[step.trigger].step <= i, stream, i, "trigger.step", rules.triggers[step.trigger].step);
    }

    /// @dev All steps of an account mean the same by it: a reserve, or arrears to one payee. What is drawn from is a reserve.
    function _requireAccounts(uint32 stream, uint256 i, IWaterfall.Step[] memory steps) private pure {
        (uint256 account, uint256 drawFrom) = (steps[i].account, steps[i].drawFrom);
        bool found = drawFrom == 0;
        for (uint256 j = 0; j < steps.length; ++j) {
            bool reserve = steps[j].kind == IWaterfall.StepKind.Reserve;
            if (reserve && steps[j].account == drawFrom) found = true;
            if (account == 0 || steps[j].account != account) continue;
            bool same = reserve == (steps[i].kind == IWaterfall.StepKind.Reserve) && steps[j].payee == steps[i].payee;
            _require(same, stream, i, "account", account);
        }
        _require(found, stream, i, "drawFrom", drawFrom);
    }

    /* KPIS, TRIGGERS, SCHEDULE */

    function _requireKpis(uint32 stream, IWaterfall.Rules memory rules, bool scored) private pure {
        uint256 count = rules.kpis.length;
        _require((count != 0) == scored && count <= MAX_KPIS, stream, 0, "kpis", count);
        bool ordered = rules.minMultiplierBp <= rules.maxMultiplierBp;
        _require(ordered, stream, 0, "minMultiplierBp", rules.minMultiplierBp);
        (uint256 weights, uint256 seen) = (0, 0);
        for (uint256 i = 0; i < count; ++i) {
            IWaterfall.Kpi memory kpi = rules.kpis[i];
            _require(kpi.index < MAX_KPIS && seen >> kpi.index & 1 == 0, stream, i, "kpi.index", kpi.index);
            _require(kpi.floorBp != kpi.targetBp, stream, i, "kpi.targetBp", kpi.targetBp);
            seen |= 1 << kpi.index;
            weights += kpi.weightBp;
        }
        _require(!scored || weights == ONE_BP, stream, 0, "kpi.weightBp", weights);
    }

    function _requireTriggers(uint32 stream, IWaterfall.Rules memory rules) private pure {
        for (uint256 t = 0; t < rules.triggers.length; ++t) {
            IWaterfall.Trigger memory trigger = rules.triggers[t];
            bool ratio = trigger.kind != IWaterfall.TriggerKind.OpenDispute;
            _require((trigger.thresholdBp != 0) == ratio, stream, t, "trigger.thresholdBp", trigger.thresholdBp);
            bool cure = ratio ? trigger.cureBp >= trigger.thresholdBp : trigger.cureBp == 0;
            _require(cure, stream, t, "trigger.cureBp", trigger.cureBp);
            _require(trigger.step < (ratio ? rules.steps.length : 1), stream, t, "trigger.step", trigger.step);
            _require((trigger.dues != 0) == ratio, stream, t, "trigger.dues", trigger.dues);
            _requireDues(stream, t, trigger, rules.steps);
        }
    }

    function _requireDues(uint32 stream, uint256 t, IWaterfall.Trigger memory trigger, IWaterfall.Step[] memory steps)
        private
        pure
    {
        for (uint256 i = 0; i < 32; ++i) {
            if (trigger.dues >> i & 1 == 0) continue;
            bool valid = i >= trigger.step && i < steps.length && steps[i].when == IWaterfall.When.Always
                && (steps[i].kind == IWaterfall.StepKind.Fixed || steps[i].kind == IWaterfall.StepKind.Due);
            _require(valid, stream, t, "trigger.dues", i);
        }
    }

    function _requireSchedule(uint32 stream, IWaterfall.Rules memory rules) private pure {
        _require(rules.schedule.length <= MAX_ENTRIES, stream, 0, "schedule", rules.schedule.length);
        uint256 before = 0;
        for (uint256 i = 0; i < rules.schedule.length; ++i) {
            IWaterfall.Entry memory entry = rules.schedule[i];
            bool due = entry.step < rules.steps.length && rules.steps[entry.step].kind == IWaterfall.StepKind.Due;
            _require(due, stream, i, "schedule.step", entry.step);
            uint256 place = uint256(entry.step) << 32 | entry.fromPeriod;
            _require(entry.fromPeriod != 0 && place > before, stream, i, "schedule.fromPeriod", entry.fromPeriod);
            _require(entry.amount <= MAX_AMOUNT, stream, i, "schedule.amount", entry.amount);
            before = place;
        }
    }

    function _require(bool valid, uint32 stream, uint256 step, bytes32 field, uint256 value) private pure {
        if (!valid) revert IWaterfall.InvalidRules(stream, step, field, value);
    }
}
