// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Waterfall} from "../../src/distribution/Waterfall.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IStatementBook} from "../../src/interfaces/IStatementBook.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {ITelemetryAnchor} from "../../src/interfaces/ITelemetryAnchor.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {StatementBook} from "../../src/statements/StatementBook.sol";
import {StreamRegistry} from "../../src/telemetry/StreamRegistry.sol";
import {RightsKit} from "../rights/RightsKit.sol";
import {AnchorStub, Slot} from "./Stubs.sol";

/// @title The whole way from a statement to holders, with a stub only for the oracle.
abstract contract DistributionKit is RightsKit {
    uint40 internal constant RULES_DELAY = 2 days;
    uint32 internal constant CHALLENGE = 3 days;
    uint32 internal constant GRACE = 10 days;
    uint40 internal constant PERIOD = 30 days;
    bytes32 internal constant TARIFF = "tariff";
    bytes32 internal constant NO_KPIS = bytes32(type(uint256).max);

    IWaterfall.StepKind internal constant FIXED = IWaterfall.StepKind.Fixed;
    IWaterfall.StepKind internal constant OF_RECEIPTS = IWaterfall.StepKind.PercentOfReceipts;
    IWaterfall.StepKind internal constant OF_AVAILABLE = IWaterfall.StepKind.PercentOfAvailable;
    IWaterfall.StepKind internal constant RESERVE = IWaterfall.StepKind.Reserve;
    IWaterfall.StepKind internal constant KPI_FEE = IWaterfall.StepKind.KpiFee;
    IWaterfall.StepKind internal constant DUE = IWaterfall.StepKind.Due;
    IWaterfall.StepKind internal constant RESIDUAL = IWaterfall.StepKind.Residual;

    address internal treasury = makeAddr("treasury");
    address internal taxOffice = makeAddr("taxOffice");
    address internal operator = makeAddr("operator");
    address internal payer = makeAddr("payer");

    StreamRegistry internal streams;
    StatementBook internal book;
    Waterfall internal falls;

    Slot private _slot;
    IWaterfall.Step[] private _steps;
    IWaterfall.Kpi[] private _kpis;
    IWaterfall.Trigger[] private _triggers;
    IWaterfall.Entry[] private _schedule;

    function setUp() public virtual override {
        super.setUp();
        streams = new StreamRegistry(address(authority));
        book = new StatementBook(address(authority), ITelemetryAnchor(address(new AnchorStub())), streams);
        bytes memory arguments =
            abi.encode(address(authority), address(book), address(currency), address(factory), RULES_DELAY);
        falls = Waterfall(_slot.fill(bytes.concat(type(Waterfall).creationCode, arguments)));
        vm.prank(admin);
        book.setWaterfall(address(falls));
        allow(address(falls), IWaterfall.setRules.selector, Roles.ISSUER);
        allow(address(falls), IWaterfall.setPaused.selector, Roles.PAUSER);
        allow(address(streams), IStreamRegistry.open.selector, Roles.ISSUER);
        _open(STREAM);
    }

    function _distributor() internal virtual override returns (address) {
        _slot = new Slot();
        return _slot.expected();
    }

    function _open(uint32 stream) internal {
        IStreamRegistry.Terms memory terms =
            IStreamRegistry.Terms(NOW, CHALLENGE, GRACE, 0, 10_000, 4, false, 7 days, false, false, 0);
        vm.prank(issuer);
        streams.open(stream, "VPP", terms, TARIFF, new uint32[](0));
    }

    /* RULES */

    function _step(IWaterfall.StepKind kind, address payee, uint64 amount, uint16 bp) internal {
        IWaterfall.Step memory step;
        (step.kind, step.payee, step.amount, step.bp) = (kind, payee, amount, bp);
        step.toSeries = factory.isSeries(payee);
        if (kind == RESERVE) step.account = _account();
        _steps.push(step);
    }

    /// @dev Each holding step has the account of its place, from 1 on, unless told otherwise afterwards.
    function _carrying(IWaterfall.StepKind kind, address payee, uint64 amount) internal {
        _step(kind, payee, amount, 0);
        _steps[_steps.length - 1].account = uint8(_steps.length);
    }

    function _account() private view returns (uint8) {
        return _steps.length < 31 ? uint8(_steps.length + 1) : 31;
    }

    /// @dev Changes the step that was collected last.
    function _gate(IWaterfall.When when, uint8 trigger) internal {
        (_steps[_steps.length - 1].when, _steps[_steps.length - 1].trigger) = (when, trigger);
    }

    function _accountIs(uint8 account) internal {
        _steps[_steps.length - 1].account = account;
    }

    function _drawsFrom(uint8 account) internal {
        _steps[_steps.length - 1].drawFrom = account;
    }

    function _purposeIs(IWaterfall.Purpose purpose) internal {
        _steps[_steps.length - 1].purpose = purpose;
    }

    function _trigger(IWaterfall.TriggerKind kind, uint8 step, uint32 dues, uint16 threshold, uint16 cure) internal {
        _triggers.push(IWaterfall.Trigger(kind, step, dues, threshold, cure));
    }

    function _entry(uint8 step, uint32 fromPeriod, uint64 amount) internal {
        _schedule.push(IWaterfall.Entry(step, fromPeriod, amount));
    }

    function _kpi(uint8 index, uint16 floorBp, uint16 targetBp, uint16 capBp, uint16 weightBp) internal {
        _kpis.push(IWaterfall.Kpi(index, floorBp, targetBp, capBp, weightBp));
    }

    /// @dev What was collected so far; the collection starts anew.
    function _rules() internal returns (IWaterfall.Rules memory rules) {
        (rules.steps, rules.kpis, rules.triggers, rules.schedule) = (_steps, _kpis, _triggers, _schedule);
        if (rules.kpis.length != 0) rules.maxMultiplierBp = 12_000;
        delete _steps;
        delete _kpis;
        delete _triggers;
        delete _schedule;
    }

    function _setRules(IWaterfall.Rules memory rules) internal returns (uint32) {
        return _setRules(STREAM, rules);
    }

    function _setRules(uint32 stream, IWaterfall.Rules memory rules) internal returns (uint32) {
        vm.prank(issuer);
        return falls.setRules(stream, rules);
    }

    /// @dev A line as `Settled` tells it.
    function _line(uint256 due, uint256 paid, uint256 released, uint256 balance) internal pure returns (uint256) {
        return due << 192 | paid << 128 | released << 64 | balance;
    }

    /* PERIODS */

    function _fund(uint64 amount) internal {
        _fund(STREAM, amount);
    }

    function _fund(uint32 stream, uint64 amount) internal {
        currency.mint(payer, amount);
        vm.startPrank(payer);
        currency.approve(address(falls), amount);
        falls.fund(stream, amount);
        vm.stopPrank();
    }

    function _attest(uint64 gross, bytes32 kpis) internal returns (uint32) {
        return _attest(STREAM, gross, kpis);
    }

    /// @dev Attests the next period and waits until it is final.
    function _attest(uint32 stream, uint64 gross, bytes32 kpis) internal returns (uint32 period) {
        (uint32 attested, uint40 from,) = book.progressOf(stream);
        period = attested + 1;
        if (attested == 0) from = NOW;
        IStatementBook.Statement memory s;
        (s.stream, s.period, s.version, s.from, s.to) = (stream, period, 1, from, from + PERIOD);
        (s.firstHead, s.lastHead) = (bytes32(uint256(1)), bytes32(uint256(1)));
        (s.gross, s.tariffHash, s.coverageBp, s.kpis) = (gross, TARIFF, 10_000, kpis);
        if (s.to > block.timestamp) vm.warp(s.to);
        book.attest(s, 0, "");
        vm.warp(vm.getBlockTimestamp() + CHALLENGE);
    }

    /// @dev A period with its money all there, up to its settlement.
    function _pass(uint64 gross) internal returns (uint32 period) {
        period = _attest(gross, NO_KPIS);
        _fund(gross);
        falls.settle(STREAM, period);
    }
}
