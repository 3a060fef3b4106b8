// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {RulesCodec} from "../../src/libraries/RulesCodec.sol";
import {WaterfallMath} from "../../src/libraries/WaterfallMath.sol";
import {Kit} from "../Kit.sol";
import {WaterfallHarness} from "../harness/WaterfallHarness.sol";

/// @dev The step engine alone.
contract WaterfallMathTest is Kit {
    IWaterfall.StepKind private constant FIXED = IWaterfall.StepKind.Fixed;
    IWaterfall.StepKind private constant OF_RECEIPTS = IWaterfall.StepKind.PercentOfReceipts;
    IWaterfall.StepKind private constant OF_AVAILABLE = IWaterfall.StepKind.PercentOfAvailable;
    IWaterfall.StepKind private constant RESERVE = IWaterfall.StepKind.Reserve;
    IWaterfall.StepKind private constant KPI_FEE = IWaterfall.StepKind.KpiFee;
    IWaterfall.StepKind private constant RESIDUAL = IWaterfall.StepKind.Residual;

    WaterfallHarness internal engine = new WaterfallHarness();
    IWaterfall.Step[] internal steps;
    IWaterfall.Kpi[] internal kpis;
    IWaterfall.Trigger[] internal triggers;
    IWaterfall.Entry[] internal schedule;
    uint64[] internal balances;
    uint64[] internal after_;
    uint8 internal breached;
    bool internal disputed;
    uint16 internal minBp = 0;
    uint16 internal maxBp = 12_000;
    uint16 internal changeBp;
    bool internal scored;
    uint16 internal lastBp;
    bytes32 internal vector = bytes32(type(uint256).max);

    function _step(IWaterfall.StepKind kind, bool carries, uint64 amount, uint16 bp, uint64 balance) internal {
        address payee = kind == RESERVE ? address(0) : address(uint160(steps.length + 1));
        IWaterfall.Step memory step;
        (step.kind, step.payee, step.amount, step.bp) = (kind, payee, amount, bp);
        // Account i + 1 belongs to step i.
        if (carries || kind == RESERVE) step.account = uint8(steps.length + 1);
        steps.push(step);
        balances.push(balance);
    }

    function _run(uint64 receipts) internal returns (IWaterfall.Line[] memory lines, uint16 m) {
        _step(RESIDUAL, false, 0, 0, 0);
        IWaterfall.Outcome memory outcome;
        (outcome, after_) = engine.run(_collected(), new RulesCodec.Term[](steps.length), _start(receipts));
        return (outcome.lines, outcome.multiplierBp);
    }

    function _collected() internal view returns (IWaterfall.Rules memory rules) {
        (rules.steps, rules.kpis, rules.triggers, rules.schedule) = (steps, kpis, triggers, schedule);
        (rules.minMultiplierBp, rules.maxMultiplierBp, rules.maxChangeBp) = (minBp, maxBp, changeBp);
    }

    function _start(uint64 receipts) internal view returns (WaterfallMath.Start memory start) {
        (start.period, start.receipts, start.kpis) = (1, receipts, vector);
        (start.scored, start.lastMultiplierBp) = (scored, lastBp);
        (start.breached, start.disputed, start.balances) = (breached, disputed, new uint64[](32));
        for (uint256 i = 0; i + 1 < 32 && i < balances.length; ++i) {
            start.balances[i + 1] = balances[i];
        }
    }

    function _assertLine(IWaterfall.Line memory line, uint64 due, uint64 paid, uint64 released, uint64 balance)
        internal
        pure
    {
        assertEq(line.due, due, "due");
        assertEq(line.paid, paid, "paid");
        assertEq(line.released, released, "released");
        assertEq(line.balance, balance, "balance");
    }

    /* STEPS */

    function test_FixedWithoutCarryForgets() public {
        _step(FIXED, false, 100, 0, 0);
        (IWaterfall.Line[] memory lines,) = _run(60);
        _assertLine(lines[0], 100, 60, 0, 0);
    }

    function test_FixedWithCarryRemembers() public {
        _step(FIXED, true, 100, 0, 30);
        (IWaterfall.Line[] memory lines,) = _run(60);
        _assertLine(lines[0], 130, 60, 0, 70);
        _assertLine(lines[1], 0, 0, 0, 0);
    }

    function test_PercentagesRoundDown() public {
        _step(OF_RECEIPTS, false, 0, 333, 0);
        _step(OF_AVAILABLE, false, 0, 5000, 0);
        (IWaterfall.Line[] memory lines,) = _run(1001);
        _assertLine(lines[0], 33, 33, 0, 0);
        _assertLine(lines[1], 484, 484, 0, 0);
        _assertLine(lines[2], 484, 484, 0, 0);
    }

    function test_ReserveFillsUp() public {
        _step(RESERVE, false, 100, 0, 30);
        (IWaterfall.Line[] memory lines,) = _run(60);
        _assertLine(lines[0], 70, 60, 0, 90);
    }

    function test_ReserveStopsAtItsTarget() public {
        _step(RESERVE, false, 100, 0, 30);
        (IWaterfall.Line[] memory lines,) = _run(100);
        _assertLine(lines[0], 70, 70, 0, 100);
        _assertLine(lines[1], 30, 30, 0, 0);
    }

    function test_ReserveReleasesItsExcess() public {
        _step(RESERVE, false, 100, 0, 130);
        _step(FIXED, false, 50, 0, 0);
        (IWaterfall.Line[] memory lines,) = _run(10);
        _assertLine(lines[0], 0, 0, 30, 100);
        _assertLine(lines[1], 50, 40, 0, 0);
    }

    function test_SeriesTakesItsDuesInItsTermAndArrearsInItsTail() public {
        _step(IWaterfall.StepKind.Due, true, 100, 0, 7);
        steps[0].toSeries = true;
        _step(RESIDUAL, false, 0, 0, 0);
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](2);
        terms[0] = RulesCodec.Term(3, 5, 7);
        WaterfallMath.Start memory start = _start(1000);
        for (start.period = 2; start.period <= 8; ++start.period) {
            (IWaterfall.Outcome memory outcome,) = engine.run(_collected(), terms, start);
            bool active = start.period >= 3 && start.period <= 5;
            bool tail = start.period == 6 || start.period == 7;
            uint64 paid = active ? 107 : tail ? 7 : 0;
            _assertLine(outcome.lines[0], paid, paid, 0, active || tail ? 0 : 7);
            assertEq(outcome.lines[1].paid, 1000 - paid, "rest");
        }
    }

    function test_DuesStopAtTheirLimit() public {
        _step(FIXED, true, 1 << 57, 0, type(uint64).max - 5);
        (IWaterfall.Line[] memory lines,) = _run(4);
        _assertLine(lines[0], type(uint64).max, 4, 0, type(uint64).max - 4);
    }

    /* TRIGGERS */

    /// @dev 2⁶¹ against 1: the ratio stops at its limit instead of losing its upper bits, which would be a breach.
    function test_ARatioStopsAtItsLimit() public {
        _step(FIXED, false, 1, 0, 0);
        triggers.push(IWaterfall.Trigger(IWaterfall.TriggerKind.Coverage, 0, 1, 12_000, 12_000));
        _step(RESIDUAL, false, 0, 0, 0);
        (IWaterfall.Outcome memory outcome,) =
            engine.run(_collected(), new RulesCodec.Term[](steps.length), _start(uint64(1) << 61));
        assertEq(outcome.ratiosBp[0], type(uint32).max, "ratio");
        assertEq(outcome.breached, 0, "sound");
    }

    /// @dev A series whose term is over has no dues: of 100 the trigger counts the 50 that are left.
    function test_DuesOutsideTheTermDoNotCount() public {
        _step(FIXED, false, 50, 0, 0);
        _step(IWaterfall.StepKind.Due, false, 50, 0, 0);
        steps[1].toSeries = true;
        triggers.push(IWaterfall.Trigger(IWaterfall.TriggerKind.Coverage, 0, 3, 12_000, 12_000));
        _step(RESIDUAL, false, 0, 0, 0);
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](3);
        terms[1] = RulesCodec.Term(2, 9, 9);
        (IWaterfall.Outcome memory outcome,) = engine.run(_collected(), terms, _start(60));
        assertEq(outcome.ratiosBp[0], 12_000, "60 of 50");
        terms[1] = RulesCodec.Term(1, 9, 9);
        (outcome,) = engine.run(_collected(), terms, _start(60));
        assertEq(outcome.ratiosBp[0], 6_000, "60 of 100");
    }

    /* KPI FEE */

    function test_KpiFeeIsBasePlusShareOfThePool() public {
        _step(KPI_FEE, false, 1000, 200, 0);
        kpis.push(IWaterfall.Kpi(0, 8000, 10_000, 11_000, 6000));
        kpis.push(IWaterfall.Kpi(1, 500, 100, 10_000, 4000));
        // 9 500 of 8 000..10 000 is 0.75; 200 of 500..100, less being better, is 0.75 too.
        vector = bytes32(uint256(9500) << 240 | uint256(200) << 224);
        (IWaterfall.Line[] memory lines, uint16 m) = _run(1_000_000);
        assertEq(m, 7500, "m");
        _assertLine(lines[0], 16_000, 16_000, 0, 0);
    }

    function test_MissingKpiEarnsNothing() public {
        _step(KPI_FEE, false, 1000, 200, 0);
        kpis.push(IWaterfall.Kpi(3, 500, 100, 10_000, 10_000));
        (IWaterfall.Line[] memory lines, uint16 m) = _run(1_000_000);
        assertEq(m, 0, "m");
        assertEq(lines[0].paid, 1000, "base only");
    }

    function test_ScoresRoundDownAndAreCapped() public view {
        IWaterfall.Kpi memory kpi = IWaterfall.Kpi(0, 1000, 4000, 10_500, 10_000);
        assertEq(engine.score(kpi, _value(1001)), 3, "1/3 000 rounds down");
        assertEq(engine.score(kpi, _value(999)), 0, "below the floor");
        assertEq(engine.score(kpi, _value(1000)), 0, "at the floor");
        assertEq(engine.score(kpi, _value(4000)), 10_000, "at the target");
        assertEq(engine.score(kpi, _value(60_000)), 10_500, "capped");
        (kpi.floorBp, kpi.targetBp) = (4000, 1000);
        assertEq(engine.score(kpi, _value(3999)), 3, "less is better, rounds down");
        assertEq(engine.score(kpi, _value(4001)), 0, "worse than the floor");
        assertEq(engine.score(kpi, _value(0)), 10_500, "better than the target, capped");
        kpi.index = 15;
        assertEq(engine.score(kpi, bytes32(uint256(1000))), 10_000, "last place");
    }

    function test_MultiplierIsBounded() public {
        kpis.push(IWaterfall.Kpi(0, 0, 10_000, 20_000, 10_000));
        _step(KPI_FEE, false, 0, 100, 0);
        (minBp, maxBp, vector) = (5000, 11_000, _value(20_000));
        (, uint16 m) = _run(1);
        assertEq(m, 11_000, "most");
        vector = _value(0);
        (, m) = _run(1);
        assertEq(m, 5000, "least");
    }

    function test_MultiplierChangesSlowly() public {
        kpis.push(IWaterfall.Kpi(0, 0, 10_000, 20_000, 10_000));
        _step(KPI_FEE, false, 0, 100, 0);
        (changeBp, vector) = (500, _value(9000));
        (, uint16 m) = _run(1);
        assertEq(m, 9000, "the first is free");
        (scored, lastBp) = (true, 8000);
        (, m) = _run(1);
        assertEq(m, 8500, "up");
        lastBp = 9700;
        (, m) = _run(1);
        assertEq(m, 9200, "down");
        (lastBp, vector) = (300, _value(0));
        (, m) = _run(1);
        assertEq(m, 0, "not below zero");
    }

    function _value(uint256 x) private pure returns (bytes32) {
        return bytes32(x << 240);
    }

    /* PROPERTIES */

    /// @dev Σ paid = receipts + Σ released; each line keeps its own account; arrears are never paid ahead of a higher step.
    function testFuzz_ConservesToTheUnit(uint256 seed, uint64 receipts, bytes32 values) public {
        receipts &= (1 << 62) - 1;
        vector = values;
        kpis.push(
            IWaterfall.Kpi(uint8(seed & 15), uint16(seed >> 8), uint16(seed >> 24) | 1, uint16(seed >> 40), 10_000)
        );
        vm.assume(kpis[0].floorBp != kpis[0].targetBp);
        (scored, lastBp, changeBp) = (seed >> 60 & 1 == 1, uint16(seed >> 61), uint16(seed >> 77));
        for (uint256 i = 0; i < 12; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            _randomStep(IWaterfall.StepKind([0, 1, 2, 3, 4, 6][dice % 6]), dice);
        }
        (IWaterfall.Line[] memory lines,) = _run(receipts);
        (uint256 paid, uint256 released) = (0, 0);
        for (uint256 i = 0; i < lines.length; ++i) {
            (paid, released) = (paid + lines[i].paid, released + lines[i].released);
            _assertOwnAccount(i, lines[i]);
        }
        assertEq(paid, receipts + released, "conserved");
    }

    /// @dev Amounts small and large, so that both plenty and shortage occur.
    function _randomStep(IWaterfall.StepKind kind, uint256 dice) private {
        bool share = kind == OF_RECEIPTS || kind == OF_AVAILABLE || kind == KPI_FEE;
        bool amount = kind == FIXED || kind == RESERVE || kind == KPI_FEE;
        bool carries = kind == FIXED && dice >> 8 & 1 == 1;
        uint64 size = uint64(1 << (dice >> 16) % 58);
        uint64 balance = carries || kind == RESERVE ? uint64((dice >> 96) % size) : 0;
        if (balance != 0 && dice >> 9 & 1 == 1) size = balance / 2;
        _step(kind, carries, amount ? size : 0, share ? uint16((dice >> 32) % 10_001) : 0, balance);
    }

    function _assertOwnAccount(uint256 i, IWaterfall.Line memory line) private view {
        if (steps[i].kind == RESERVE) {
            assertEq(line.balance, uint256(balances[i]) + line.paid - line.released, "reserve");
            assertTrue(line.paid == 0 || line.released == 0, "in or out");
            assertLe(line.balance, steps[i].amount, "target");
        } else {
            assertLe(line.paid, line.due, "paid");
            assertEq(line.balance, steps[i].account != 0 ? line.due - line.paid : 0, "arrears");
            assertEq(line.released, 0, "released");
        }
    }

    /// @dev A KPI that is missing earns the operator no more than any value of it would: it never costs holders.
    function testFuzz_AMissingKpiNeverCostsHolders(uint256 seed, bytes32 values, uint8 missing) public {
        _step(KPI_FEE, false, uint64(seed % 1000), uint16((seed >> 10) % 10_001), 0);
        for (uint256 i = 0; i < 4; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            (uint16 floor, uint16 target) = (uint16(dice), uint16(dice >> 16));
            if (floor == target) target = floor ^ 1;
            kpis.push(IWaterfall.Kpi(uint8(i), floor, target, uint16(dice >> 32), 2500));
        }
        (changeBp, scored, lastBp) = (uint16(seed >> 32), seed >> 48 & 1 == 1, uint16(seed >> 49));
        vector = values;
        (IWaterfall.Line[] memory told,) = _run(1_000_000);
        vector = values | bytes32(uint256(0xffff) << (240 - 16 * (missing % 4)));
        steps.pop();
        balances.pop();
        (IWaterfall.Line[] memory silent,) = _run(1_000_000);
        assertLe(silent[0].paid, told[0].paid, "fee");
        assertGe(silent[1].paid, told[1].paid, "holders");
    }

    /// @dev More receipts never pay any step less, so nobody gains by holding money back. A reserve's release is the same.
    function testFuzz_MoreMoneyNeverPaysLess(uint256 seed, uint64 receipts, uint64 more) public {
        (receipts, more) = (receipts & ((1 << 61) - 1), more & ((1 << 61) - 1));
        for (uint256 i = 0; i < 8; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            _randomStep(IWaterfall.StepKind([0, 2, 3, 3, 0, 6][dice % 6]), dice);
        }
        (IWaterfall.Line[] memory less,) = _run(receipts);
        steps.pop();
        balances.pop();
        (IWaterfall.Line[] memory plenty,) = _run(receipts + more);
        for (uint256 i = 0; i < less.length; ++i) {
            assertLe(less[i].paid, plenty[i].paid, "paid");
            assertEq(less[i].released, plenty[i].released, "released");
        }
    }

    function testFuzz_RulesRoundTripThroughTheirCode(uint256 seed) public view {
        IWaterfall.Rules memory rules;
        (rules.minMultiplierBp, rules.maxMultiplierBp) = (uint16(seed), uint16(seed >> 16));
        rules.maxChangeBp = uint16(seed >> 32);
        rules.steps = new IWaterfall.Step[](1 + (seed >> 48 & 31));
        rules.kpis = new IWaterfall.Kpi[](seed >> 53 & 15);
        rules.triggers = new IWaterfall.Trigger[](seed >> 57 & 7);
        rules.schedule = new IWaterfall.Entry[](seed >> 60 & 63);
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](rules.steps.length);
        for (uint256 i = 0; i < rules.steps.length; ++i) {
            uint256 d = uint256(keccak256(abi.encode(seed, i)));
            rules.steps[i] = _anyStep(d);
            terms[i] = RulesCodec.Term(uint32(d), uint32(d >> 64), uint32(d >> 96));
        }
        for (uint256 i = 0; i < rules.kpis.length; ++i) {
            uint256 d = uint256(keccak256(abi.encode(i, seed)));
            rules.kpis[i] = IWaterfall.Kpi(uint8(d), uint16(d >> 8), uint16(d >> 24), uint16(d >> 40), uint16(d >> 56));
        }
        for (uint256 i = 0; i < rules.triggers.length; ++i) {
            uint256 d = uint256(keccak256(abi.encode(i, seed, "trigger")));
            rules.triggers[i] = IWaterfall.Trigger(
                IWaterfall.TriggerKind(d % 3), uint8(d >> 8), uint32(d >> 16), uint16(d >> 48), uint16(d >> 64)
            );
        }
        for (uint256 i = 0; i < rules.schedule.length; ++i) {
            uint256 d = uint256(keccak256(abi.encode(i, seed, "entry")));
            rules.schedule[i] = IWaterfall.Entry(uint8(d % rules.steps.length), uint32(d >> 8), uint64(d >> 40));
        }
        assertEq(keccak256(abi.encode(engine.throughCode(rules, terms))), keccak256(abi.encode(rules)), "rules");
    }

    function _anyStep(uint256 d) private pure returns (IWaterfall.Step memory step) {
        (step.kind, step.toSeries) = (IWaterfall.StepKind(d % 7), d >> 8 & 1 == 1);
        (step.purpose, step.when) = (IWaterfall.Purpose((d >> 9) % 3), IWaterfall.When((d >> 12) % 3));
        step.trigger = step.when == IWaterfall.When.Always ? 0 : uint8(d >> 15 & 7);
        (step.account, step.drawFrom) = (uint8(d >> 18 & 31), uint8(d >> 23 & 31));
        (step.payee, step.amount, step.bp) = (address(uint160(d >> 28)), uint64(d >> 188), uint16(d >> 240));
    }
}
