// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {DistributionKit} from "./DistributionKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SetRulesTest is DistributionKit {
    function setUp() public override {
        super.setUp();
        _launch();
    }

    /* VERSIONS */

    function test_FirstRulesApplyAtOnce() public {
        _step(DUE, address(series), 500, 0);
        _step(RESIDUAL, treasury, 0, 0);
        IWaterfall.Rules memory rules = _rules();
        vm.expectEmit(true, false, false, false);
        emit IWaterfall.RulesSet(STREAM, 1, NOW, address(0));
        assertEq(_setRules(rules), 1, "version");
        (IWaterfall.Rules memory found, uint32 version) = falls.rulesOf(STREAM);
        assertEq(keccak256(abi.encode(found)), keccak256(abi.encode(rules)), "rules");
        assertEq(version, 1, "in force");
        (, uint40 effectiveAt) = falls.rulesAt(STREAM, 1);
        assertEq(effectiveAt, NOW, "effectiveAt");
    }

    function test_LaterRulesWait() public {
        _setRules(_plain(100));
        assertEq(_setRules(_plain(200)), 2, "version");
        vm.warp(NOW + RULES_DELAY - 1);
        _assertVersions(2, 1, 100);
        vm.warp(NOW + RULES_DELAY);
        _assertVersions(2, 2, 200);
    }

    function test_PendingRulesAreReplaced() public {
        _setRules(_plain(100));
        _setRules(_plain(200));
        vm.warp(NOW + RULES_DELAY - 1);
        assertEq(_setRules(_plain(300)), 3, "its own number");
        vm.warp(NOW + RULES_DELAY);
        _assertVersions(3, 1, 100);
        vm.warp(NOW + 2 * RULES_DELAY - 1);
        _assertVersions(3, 3, 300);
        (IWaterfall.Rules memory replaced, uint40 effectiveAt) = falls.rulesAt(STREAM, 2);
        assertEq(replaced.steps[0].amount, 200, "still on record");
        assertEq(effectiveAt, type(uint40).max, "never");
        assertEq(_setRules(_plain(400)), 4, "after it took effect");
        _assertVersions(4, 3, 300);
        (, effectiveAt) = falls.rulesAt(STREAM, 3);
        assertEq(effectiveAt, NOW + 2 * RULES_DELAY - 1, "version 3 stays effective");
    }

    function test_SettlementUsesTheVersionInForce() public {
        _setRules(_plain(100));
        _pass(1000);
        _setRules(_plain(200));
        _pass(1000);
        assertEq(currency.balanceOf(taxOffice), 300, "100 under version 1, 200 under version 2");
    }

    function test_RevertWhen_StreamHasNoRules() public {
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NoRules.selector, STREAM));
        falls.rulesOf(STREAM);
        _setRules(_plain(100));
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NoRules.selector, STREAM));
        falls.rulesAt(STREAM, 2);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NoRules.selector, 99));
        falls.preview(99, 1, 0);
        (uint32 recorded, uint32 inForce) = falls.versionsOf(99);
        assertEq(recorded + inForce, 0, "none");
    }

    function test_RevertWhen_CallerIsNotIssuer() public {
        IWaterfall.Rules memory rules = _plain(100);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        falls.setRules(STREAM, rules);
    }

    /* STEPS */

    function test_RevertWhen_StepsAreNoneOrTooMany() public {
        _refuses(_rules(), 0, "steps", 0);
        for (uint256 i = 0; i < 33; ++i) {
            _step(RESIDUAL, treasury, 0, 0);
        }
        _refuses(_rules(), 0, "steps", 33);
    }

    function test_ThirtyTwoStepsAreAllowed() public {
        for (uint256 i = 0; i < 31; ++i) {
            _step(RESERVE, address(0), 1 << 57, 0);
        }
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(1000);
        assertEq(falls.balanceOf(STREAM, 1), 1000, "first reserve");
        assertEq(falls.balanceOf(STREAM, 33), 0, "no such step");
    }

    function test_RevertWhen_LastStepIsNoPlainResidual() public {
        _step(RESIDUAL, treasury, 0, 0);
        _step(FIXED, treasury, 5, 0);
        _refuses(_rules(), 1, "kind", uint256(FIXED));
        _step(RESIDUAL, address(series), 0, 0);
        _refuses(_rules(), 0, "toSeries", 1);
    }

    function test_RevertWhen_AFieldHasNoMeaning() public {
        _refusesFirst(FIXED, taxOffice, 5, 1, "bp", 1);
        _refusesFirst(OF_RECEIPTS, taxOffice, 5, 1, "amount", 5);
        _refusesFirst(OF_AVAILABLE, taxOffice, 5, 1, "amount", 5);
        _refusesFirst(RESIDUAL, taxOffice, 5, 0, "amount", 5);
        _refusesFirst(RESIDUAL, taxOffice, 0, 5, "bp", 5);
        _refusesFirst(RESERVE, address(0), 5, 5, "bp", 5);
        _refusesFirst(DUE, address(series), 5, 5, "bp", 5);
    }

    function test_RevertWhen_AmountOrShareIsTooLarge() public {
        _refusesFirst(FIXED, taxOffice, (1 << 57) + 1, 0, "amount", (1 << 57) + 1);
        _refusesFirst(OF_RECEIPTS, taxOffice, 0, 10_001, "bp", 10_001);
    }

    function test_RevertWhen_StepCannotHaveAnAccount() public {
        _carrying(RESIDUAL, taxOffice, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 1);
        _step(OF_RECEIPTS, taxOffice, 0, 5);
        _accountIs(7);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 7);
        _step(FIXED, taxOffice, 5, 0);
        _accountIs(32);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 32);
        _step(RESERVE, address(0), 5, 0);
        _accountIs(0);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 0);
    }

    /* PAYEES */

    function test_RevertWhen_PayeeIsNobodyOrTheWaterfall() public {
        _refusesFirst(FIXED, address(0), 5, 0, "payee", 0);
        _refusesFirst(FIXED, address(falls), 5, 0, "payee", uint160(address(falls)));
        _refusesFirst(RESERVE, taxOffice, 5, 0, "payee", uint160(taxOffice));
    }

    function test_RevertWhen_SeriesStandsInAPlainStep() public {
        _refusesFirst(FIXED, address(series), 5, 0, "toSeries", 1);
        _refusesFirst(OF_RECEIPTS, address(series), 0, 5, "toSeries", 1);
        _step(FIXED, address(series), 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        IWaterfall.Rules memory rules = _rules();
        rules.steps[0].toSeries = false;
        _refuses(rules, 0, "payee", uint160(address(series)));
    }

    function test_RevertWhen_PayeeIsNoSeries() public {
        _step(DUE, taxOffice, 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        IWaterfall.Rules memory rules = _rules();
        _refuses(rules, 0, "toSeries", 0);
        rules.steps[0].toSeries = true;
        _refuses(rules, 0, "payee", uint160(taxOffice));
    }

    function test_RevertWhen_SeriesIsOfAnotherStream() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.stream = 5;
        _launch(terms);
        _refusesFirst(DUE, address(series), 5, 0, "payee.stream", 5);
    }

    function test_RevertWhen_SeriesIsNotSealed() public {
        IRevenueRight.Terms memory terms = _terms();
        terms.rank = 2;
        ISeries open = _create(terms);
        _refusesFirst(DUE, address(open), 5, 0, "payee.sealed", 0);
        vm.prank(issuer);
        open.seal();
        // Sealed without units: its money would have no owner.
        _refusesFirst(DUE, address(open), 5, 0, "payee.sealed", 0);
    }

    function test_RevertWhen_SeriesIsPaidByAnotherOrInAnotherCurrency() public {
        vm.mockCall(address(series), abi.encodeCall(series.distributor, ()), abi.encode(mallory));
        _refusesFirst(DUE, address(series), 5, 0, "payee.distributor", uint160(mallory));
        vm.clearMockedCalls();
        vm.mockCall(address(series), abi.encodeCall(series.currency, ()), abi.encode(mallory));
        _refusesFirst(DUE, address(series), 5, 0, "payee.currency", uint160(mallory));
    }

    /* KPIS */

    function test_RevertWhen_KpisAndFeeDoNotGoTogether() public {
        _step(KPI_FEE, operator, 5, 100);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "kpis", 0);
        _kpi(0, 0, 10_000, 10_000, 10_000);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "kpis", 1);
    }

    function test_RevertWhen_ThereAreTwoFees() public {
        _step(KPI_FEE, operator, 5, 100);
        _step(KPI_FEE, operator, 5, 100);
        _step(RESIDUAL, treasury, 0, 0);
        _kpi(0, 0, 10_000, 10_000, 10_000);
        _refuses(_rules(), 1, "kind", uint256(KPI_FEE));
    }

    function test_RevertWhen_AKpiIsWrong() public {
        IWaterfall.Rules memory rules = _fee();
        rules.kpis[1].index = 16;
        _refuses(rules, 1, "kpi.index", 16);
        rules = _fee();
        rules.kpis[0].targetBp = rules.kpis[0].floorBp;
        _refuses(rules, 0, "kpi.targetBp", rules.kpis[0].floorBp);
        rules = _fee();
        rules.kpis[1].weightBp += 1;
        _refuses(rules, 0, "kpi.weightBp", 10_001);
        rules = _fee();
        (rules.minMultiplierBp, rules.maxMultiplierBp) = (2, 1);
        _refuses(rules, 0, "minMultiplierBp", 2);
        rules = _fee();
        rules.kpis = new IWaterfall.Kpi[](17);
        _refuses(rules, 0, "kpis", 17);
    }

    /* CHANGES */

    function test_RevertWhen_AStepWithABalanceChanges() public {
        _setRules(_holding(taxOffice, 100));
        _pass(30);
        assertEq(falls.balanceOf(STREAM, 1), 70, "arrears");
        assertEq(falls.balanceOf(STREAM, 2), 0, "reserve");
        IWaterfall.Rules memory rules = _holding(operator, 100);
        _refuses(rules, 0, "payee", uint160(operator));
        rules = _holding(taxOffice, 100);
        rules.steps[0].account = 0;
        _refuses(rules, 0, "account", 1);
        rules = _holding(taxOffice, 100);
        (rules.steps[0].kind, rules.steps[0].payee) = (RESERVE, address(0));
        _refuses(rules, 0, "kind", uint256(RESERVE));
        // The reserve is empty, but could be filled while the change waits.
        _carrying(FIXED, taxOffice, 100);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 1, "account", 2);
    }

    function test_RevertWhen_AStepWithABalanceIsDropped() public {
        _step(FIXED, operator, 1, 0);
        _step(RESERVE, address(0), 100, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 1, "account", 2);
    }

    function test_AmountsOfHoldingStepsMayChange() public {
        _setRules(_holding(taxOffice, 100));
        _pass(30);
        assertEq(_setRules(_holding(taxOffice, 5)), 2, "version");
    }

    /// @dev Wind down, settle, drop: a reserve's money goes into a period, never astray.
    function test_EmptiedStepsMayGo() public {
        _setRules(_holding(taxOffice, 100));
        _pass(700);
        assertEq(falls.balanceOf(STREAM, 2), 500, "reserve");
        IWaterfall.Rules memory down = _holding(taxOffice, 0);
        down.steps[1].amount = 0;
        _setRules(down);
        _pass(10);
        assertEq(falls.balanceOf(STREAM, 2), 0, "released");
        assertEq(currency.balanceOf(treasury), 610, "into the period");
        assertEq(_setRules(_plain(1)), 3, "dropped");
    }

    /* WORDS */

    /// @dev A fixed tax without arrears, then the treasury.
    function _plain(uint64 tax) private returns (IWaterfall.Rules memory) {
        _step(FIXED, taxOffice, tax, 0);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    /// @dev A fixed payment with arrears, a reserve of 500, then the treasury.
    function _holding(address payee, uint64 amount) private returns (IWaterfall.Rules memory) {
        _carrying(FIXED, payee, amount);
        _step(RESERVE, address(0), 500, 0);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    function _fee() private returns (IWaterfall.Rules memory) {
        _step(KPI_FEE, operator, 5, 100);
        _step(RESIDUAL, treasury, 0, 0);
        _kpi(0, 0, 10_000, 10_000, 4000);
        _kpi(1, 500, 100, 10_000, 6000);
        return _rules();
    }

    function _assertVersions(uint32 recorded, uint32 inForce, uint64 tax) private view {
        (uint32 foundRecorded, uint32 foundInForce) = falls.versionsOf(STREAM);
        assertEq(foundRecorded, recorded, "recorded");
        assertEq(foundInForce, inForce, "in force");
        (IWaterfall.Rules memory rules,) = falls.rulesOf(STREAM);
        assertEq(rules.steps[0].amount, tax, "tax");
    }

    function _refusesFirst(
        IWaterfall.StepKind kind,
        address payee,
        uint64 amount,
        uint16 bp,
        bytes32 field,
        uint256 value
    ) private {
        _step(kind, payee, amount, bp);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, field, value);
    }

    function _refuses(IWaterfall.Rules memory rules, uint256 step, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.InvalidRules.selector, STREAM, step, field, value));
        vm.prank(issuer);
        falls.setRules(STREAM, rules);
    }
}
