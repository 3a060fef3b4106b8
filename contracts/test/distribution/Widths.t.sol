// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {StreamLedger} from "../../src/distribution/StreamLedger.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {RulesCodec} from "../../src/libraries/RulesCodec.sol";
import {Kit} from "../Kit.sol";
import {WaterfallHarness} from "../harness/WaterfallHarness.sol";

/// @title The packed words of distribution at the limits of their fields: no field touches another.
contract WidthsTest is Kit {
    uint32 private constant LAST_VERSION = (1 << 28) - 1;

    WaterfallHarness internal engine = new WaterfallHarness();

    /* LEDGER */

    function _assertLedger(StreamLedger ledger, uint64 money, uint16 multiplier, uint8 breached, uint32 version)
        private
        pure
    {
        assertEq(uint256(ledger.escrow()), money, "escrow");
        assertEq(uint256(ledger.shortfall()), money, "shortfall");
        assertEq(uint256(ledger.multiplierBp()), multiplier, "multiplier");
        assertEq(uint256(ledger.breached()), breached, "breached");
        assertEq(uint256(ledger.newest()), version, "newest");
    }

    function test_ALedgerHoldsEveryFieldAtItsLimit() public view {
        StreamLedger ledger = StreamLedger.wrap(0);
        ledger = ledger.withVersion(LAST_VERSION, 0).withMoney(type(uint64).max, type(uint64).max);
        ledger = ledger.withMultiplier(type(uint16).max).withBreached(type(uint8).max);
        ledger = ledger.withVersion(LAST_VERSION, type(uint40).max);
        // Of the byte of `scored` one bit is used.
        assertEq(StreamLedger.unwrap(ledger), type(uint256).max ^ uint256(0xfe) << 144, "word");
        _assertLedger(ledger, type(uint64).max, type(uint16).max, type(uint8).max, LAST_VERSION);
        assertTrue(ledger.scored(), "scored");
        assertEq(uint256(ledger.inForce()), LAST_VERSION, "in force: the base");
    }

    function test_ALedgerGivesUpOneFieldWithoutTheOthers() public view {
        StreamLedger full = StreamLedger.wrap(type(uint256).max);
        _assertLedger(full.withMoney(0, 0), 0, type(uint16).max, type(uint8).max, LAST_VERSION);
        _assertLedger(full.withMultiplier(0), type(uint64).max, 0, type(uint8).max, LAST_VERSION);
        _assertLedger(full.withBreached(0), type(uint64).max, type(uint16).max, 0, LAST_VERSION);
        StreamLedger renewed = full.withVersion(1, type(uint40).max);
        _assertLedger(renewed, type(uint64).max, type(uint16).max, type(uint8).max, 1);
        assertEq(uint256(renewed.inForce()), LAST_VERSION, "in force until then");
    }

    /* RULES */

    function _most() private pure returns (IWaterfall.Step memory step) {
        (step.kind, step.toSeries) = (type(IWaterfall.StepKind).max, true);
        (step.purpose, step.when) = (type(IWaterfall.Purpose).max, type(IWaterfall.When).max);
        (step.trigger, step.account, step.drawFrom) = (15, 31, type(uint8).max);
        (step.payee, step.amount) = (address(type(uint160).max), type(uint64).max);
        step.bp = type(uint16).max;
    }

    /// @dev 32 steps of which every other is all ones, in between all zeros: a field that spills shows in its neighbour.
    function test_RulesKeepEveryFieldAtItsLimit() public view {
        IWaterfall.Rules memory rules;
        (rules.steps, rules.schedule) = (new IWaterfall.Step[](32), new IWaterfall.Entry[](64));
        (rules.kpis, rules.triggers) = (new IWaterfall.Kpi[](15), new IWaterfall.Trigger[](15));
        (rules.minMultiplierBp, rules.maxChangeBp) = (type(uint16).max, type(uint16).max);
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](32);
        for (uint256 i = 0; i < 32; i += 2) {
            rules.steps[i] = _most();
            terms[i] = RulesCodec.Term(type(uint32).max, type(uint32).max, type(uint32).max);
        }
        for (uint256 i = 0; i < 15; i += 2) {
            uint16 bp = type(uint16).max;
            rules.kpis[i] = IWaterfall.Kpi(type(uint8).max, bp, bp, bp, bp);
            rules.triggers[i] =
                IWaterfall.Trigger(type(IWaterfall.TriggerKind).max, type(uint8).max, type(uint32).max, bp, bp);
        }
        for (uint256 i = 0; i < 64; i += 2) {
            rules.schedule[i] = IWaterfall.Entry(31, type(uint32).max, type(uint64).max);
        }
        assertEq(keccak256(abi.encode(engine.throughCode(rules, terms))), keccak256(abi.encode(rules)), "rules");
    }

    /// @dev The terms are not part of the rules that are read back.
    function test_TermsKeepEveryFieldAtItsLimit() public pure {
        IWaterfall.Rules memory rules;
        rules.steps = new IWaterfall.Step[](2);
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](2);
        terms[0] = RulesCodec.Term(0, type(uint32).max, 0);
        terms[1] = RulesCodec.Term(type(uint32).max, 0, type(uint32).max);
        bytes memory data = RulesCodec.encode(rules, terms);
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(RulesCodec.boundsAt(data, i).termFrom(), terms[i].from, "from");
            assertEq(RulesCodec.boundsAt(data, i).termTo(), terms[i].to, "to");
            assertEq(RulesCodec.boundsAt(data, i).termLast(), terms[i].last, "last");
        }
    }
}
