// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {DistributionKit} from "./DistributionKit.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

contract SettleTest is DistributionKit {
    OddCurrency internal odd;

    function setUp() public override {
        super.setUp();
        _launch();
    }

    function _newCurrency() internal override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    /// @dev Tax 100 with arrears, half of the rest to the series, the remainder to the treasury.
    function _setUsualRules() private {
        _carrying(FIXED, taxOffice, 100);
        _step(OF_AVAILABLE, address(series), 0, 5000);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
    }

    /* FUNDED */

    function test_PaysEachStep() public {
        _setUsualRules();
        uint32 period = _attest(1001, NO_KPIS);
        _fund(1001);
        uint256[] memory lines = new uint256[](3);
        lines[0] = _line(100, 100, 0, 0);
        lines[1] = _line(450, 450, 0, 0);
        lines[2] = _line(451, 451, 0, 0);
        vm.expectEmit(address(falls));
        emit IWaterfall.Settled(STREAM, period, 1, 1001, 0, 0, 0, lines);
        vm.prank(mallory);
        falls.settle(STREAM, period);
        assertEq(currency.balanceOf(taxOffice), 100, "tax");
        assertEq(currency.balanceOf(treasury), 451, "treasury");
        assertEq(currency.balanceOf(address(series)), 450, "series");
        assertEq(series.claimable(adam), 225, "adam");
        assertEq(currency.balanceOf(address(falls)), 0, "nothing is left");
    }

    function test_KeepsWhatIsMoreThanRequired() public {
        _setUsualRules();
        _fund(5000);
        uint32 period = _attest(1000, NO_KPIS);
        falls.settle(STREAM, period);
        (uint64 escrow, uint64 shortfall,) = falls.accountOf(STREAM);
        assertEq(escrow, 4000, "escrow");
        assertEq(shortfall, 0, "shortfall");
    }

    function test_PreviewSaysWhatHappens() public {
        _setUsualRules();
        _attest(1001, NO_KPIS);
        IWaterfall.Outcome memory found = falls.preview(STREAM, 1001, NO_KPIS);
        IWaterfall.Line[] memory lines = found.lines;
        assertEq(lines[0].paid + lines[1].paid + lines[2].paid, 1001, "sum");
        assertEq(lines[1].paid, 450, "series");
        assertEq(found.multiplierBp, 0, "no KPIs");
    }

    function test_NothingToDistributeIsSettledToo() public {
        _setUsualRules();
        _pass(1000);
        uint32 period = _attest(0, NO_KPIS);
        falls.settle(STREAM, period);
        assertEq(falls.balanceOf(STREAM, 1), 100, "arrears");
        assertEq(series.state().distributions, 1, "no distribution of nothing");
    }

    /// @dev Interest and principal of one series in one period: one distribution, since it takes one a period.
    function test_StepsToOneSeriesArePaidAsOne() public {
        _step(DUE, address(series), 100, 0);
        _step(FIXED, treasury, 10, 0);
        _step(DUE, address(series), 250, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(1000);
        assertEq(series.state().acc, 350, "series");
        assertEq(series.state().distributions, 1, "distributions");
        assertEq(currency.balanceOf(treasury), 650, "treasury");
    }

    function test_ArrearsArePaidLater() public {
        _setUsualRules();
        _pass(30);
        assertEq(falls.balanceOf(STREAM, 1), 70, "arrears");
        _pass(400);
        assertEq(falls.balanceOf(STREAM, 1), 0, "paid up");
        assertEq(currency.balanceOf(taxOffice), 200, "tax");
    }

    function test_ReserveFillsAndIsReleased() public {
        _step(RESERVE, address(0), 500, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(800);
        assertEq(falls.balanceOf(STREAM, 1), 500, "reserve");
        assertEq(currency.balanceOf(address(falls)), 500, "held");
        _step(RESERVE, address(0), 100, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        _pass(1);
        assertEq(falls.balanceOf(STREAM, 1), 100, "reserve after");
        assertEq(currency.balanceOf(treasury), 701, "treasury");
    }

    function test_SeriesOutsideItsTermTakesNothing() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.termFrom, terms.termTo) = (2, 2);
        _launch(terms);
        _setUsualRules();
        _pass(300);
        assertEq(currency.balanceOf(treasury), 200, "before the term");
        _pass(300);
        assertEq(series.state().acc, 100, "in the term");
        _pass(300);
        assertEq(series.state().acc, 100, "after the term");
        assertEq(currency.balanceOf(treasury), 500, "treasury");
    }

    function test_KpiFeeMovesByAtMostItsBound() public {
        _step(KPI_FEE, operator, 0, 1000);
        _step(RESIDUAL, treasury, 0, 0);
        _kpi(0, 0, 10_000, 12_000, 10_000);
        IWaterfall.Rules memory rules = _rules();
        (rules.maxMultiplierBp, rules.maxChangeBp) = (12_000, 500);
        _setRules(rules);
        _settleWith(9000, 9000);
        _settleWith(11_000, 9500);
        _settleWith(0, 9000);
        _settleWith(9200, 9200);
        assertEq(currency.balanceOf(operator), 900 + 950 + 900 + 920, "fees");
    }

    function test_ReportsTheMultiplier() public {
        _step(KPI_FEE, operator, 5, 1000);
        _step(RESIDUAL, treasury, 0, 0);
        _kpi(0, 0, 10_000, 12_000, 10_000);
        _setRules(_rules());
        _fund(10_000);
        uint32 period = _attest(10_000, bytes32(uint256(9000) << 240));
        uint256[] memory lines = new uint256[](2);
        lines[0] = _line(905, 905, 0, 0);
        lines[1] = _line(9095, 9095, 0, 0);
        vm.expectEmit(address(falls));
        emit IWaterfall.Settled(STREAM, period, 1, 10_000, 0, 9000, 0, lines);
        falls.settle(STREAM, period);
    }

    function _settleWith(uint256 kpi, uint16 expected) private {
        uint32 period = _attest(10_000, bytes32(kpi << 240));
        _fund(10_000);
        falls.settle(STREAM, period);
        (,, uint16 m) = falls.accountOf(STREAM);
        assertEq(m, expected, "m");
    }

    /* SHORT OF MONEY */

    function test_RevertWhen_UnderfundedWithinGrace() public {
        _setUsualRules();
        _fund(400);
        uint32 period = _attest(1000, NO_KPIS);
        uint40 graceUntil = uint40(vm.getBlockTimestamp()) + GRACE;
        vm.warp(graceUntil - 1);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.Underfunded.selector, STREAM, period, 1000, 400, graceUntil));
        falls.settle(STREAM, period);
    }

    function test_PaysInOrderAfterGrace() public {
        _setUsualRules();
        _fund(90);
        uint32 period = _attest(1000, NO_KPIS);
        vm.warp(vm.getBlockTimestamp() + GRACE);
        falls.settle(STREAM, period);
        (uint64 escrow, uint64 shortfall,) = falls.accountOf(STREAM);
        assertEq(escrow, 0, "escrow");
        assertEq(shortfall, 910, "shortfall");
        assertEq(currency.balanceOf(taxOffice), 90, "tax first");
        assertEq(falls.balanceOf(STREAM, 1), 10, "arrears");
    }

    function test_ReportsAShortfall() public {
        _setUsualRules();
        _fund(90);
        uint32 period = _attest(1000, NO_KPIS);
        vm.warp(vm.getBlockTimestamp() + GRACE);
        uint256[] memory lines = new uint256[](3);
        lines[0] = _line(100, 90, 0, 10);
        vm.expectEmit(address(falls));
        emit IWaterfall.Settled(STREAM, period, 1, 90, 910, 0, 0, lines);
        falls.settle(STREAM, period);
    }

    function test_ShortfallIsRequiredNextTime() public {
        test_PaysInOrderAfterGrace();
        uint32 period = _attest(500, NO_KPIS);
        _fund(1409);
        vm.expectPartialRevert(IWaterfall.Underfunded.selector);
        falls.settle(STREAM, period);
        _fund(1);
        falls.settle(STREAM, period);
        (uint64 escrow, uint64 shortfall,) = falls.accountOf(STREAM);
        assertEq(uint256(escrow) + shortfall, 0, "square");
        assertEq(currency.balanceOf(taxOffice), 200, "tax and arrears");
        assertEq(series.state().acc, 650, "series");
    }

    /* REFUSED */

    function test_RevertWhen_NotFinal() public {
        _setUsualRules();
        uint32 period = _attest(1000, NO_KPIS);
        _fund(1000);
        vm.warp(vm.getBlockTimestamp() - 1);
        vm.expectPartialRevert(IStatementBook.NotFinal.selector);
        falls.settle(STREAM, period);
    }

    function test_RevertWhen_SettledTwiceOrOutOfOrder() public {
        _setUsualRules();
        _pass(1000);
        vm.expectPartialRevert(IStatementBook.WrongStatus.selector);
        falls.settle(STREAM, 1);
        _attest(1, NO_KPIS);
        uint32 third = _attest(1, NO_KPIS);
        vm.expectPartialRevert(IStatementBook.EarlierPeriodOpen.selector);
        falls.settle(STREAM, third);
    }

    function test_RevertWhen_StreamHasNoRules() public {
        uint32 period = _attest(0, NO_KPIS);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NoRules.selector, STREAM));
        falls.settle(STREAM, period);
    }

    /* PAYEES WHO CANNOT BE PAID */

    function test_RefusedPayeeIsOwed() public {
        _setUsualRules();
        odd.setMood(taxOffice, OddCurrency.Mood.Reverts);
        uint32 period = _attest(1000, NO_KPIS);
        _fund(1000);
        vm.expectEmit(address(falls));
        emit IWaterfall.PaymentFailed(STREAM, period, taxOffice, 100);
        falls.settle(STREAM, period);
        assertEq(falls.owedTo(taxOffice), 100, "owed");
        assertEq(currency.balanceOf(treasury), 450, "the others are paid");
        assertEq(currency.balanceOf(address(falls)), 100, "held");
    }

    function test_OwedIsWithdrawnToThePayeeOnly() public {
        test_RefusedPayeeIsOwed();
        vm.expectRevert();
        falls.withdrawOwed(taxOffice);
        odd.setMood(taxOffice, OddCurrency.Mood.Fine);
        vm.expectEmit(address(falls));
        emit IWaterfall.OwedWithdrawn(taxOffice, 100);
        vm.prank(mallory);
        assertEq(falls.withdrawOwed(taxOffice), 100, "amount");
        assertEq(currency.balanceOf(taxOffice), 100, "received");
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NothingOwed.selector, taxOffice));
        falls.withdrawOwed(taxOffice);
    }

    function test_PayeeWhoBurnsGasIsOwed() public {
        _setUsualRules();
        odd.setMood(taxOffice, OddCurrency.Mood.BurnsGas);
        _pass(1000);
        assertEq(falls.owedTo(taxOffice), 100, "owed");
    }

    function test_RevertWhen_SeriesCannotBePaid() public {
        _setUsualRules();
        odd.setMood(address(series), OddCurrency.Mood.SaysFalse);
        uint32 period = _attest(1000, NO_KPIS);
        _fund(1000);
        vm.expectRevert();
        falls.settle(STREAM, period);
    }

    /* CALLING BACK */

    function test_CallingBackIsRefused() public {
        _setUsualRules();
        bytes[3] memory calls = [
            abi.encodeCall(falls.settle, (STREAM, 1)),
            abi.encodeCall(falls.fund, (STREAM, 1)),
            abi.encodeCall(falls.withdrawOwed, (treasury))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            odd.setCall(taxOffice, calls[i]);
            _pass(1000);
        }
        assertEq(falls.owedTo(taxOffice), 300, "each such payment failed");
        odd.setCall(taxOffice, abi.encodeCall(falls.withdrawOwed, (taxOffice)));
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        falls.withdrawOwed(taxOffice);
    }
}
