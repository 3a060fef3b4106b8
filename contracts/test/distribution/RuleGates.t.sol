// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Waterfall} from "../../src/distribution/Waterfall.sol";
import {IHolderVote} from "../../src/interfaces/IHolderVote.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {Listing} from "../../src/libraries/Listing.sol";
import {Currency} from "../rights/Currency.sol";
import {DistributionKit} from "./DistributionKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @title Rules that triggers, owners and holders allow, and a currency that fits.
contract RuleGatesTest is DistributionKit {
    IWaterfall.When private constant BREACHED = IWaterfall.When.Breached;
    IWaterfall.TriggerKind private constant COVERAGE = IWaterfall.TriggerKind.Coverage;
    IWaterfall.TriggerKind private constant DISPUTE = IWaterfall.TriggerKind.OpenDispute;

    address private vote = makeAddr("vote");

    function setUp() public override {
        super.setUp();
        _launch();
    }

    /* TRIGGERS */

    function test_RevertWhen_ATriggerIsWrong() public {
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 0, 1, 0, 5), 0, "trigger.thresholdBp", 0);
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 0, 1, 6, 5), 0, "trigger.cureBp", 5);
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 2, 1, 5, 5), 0, "trigger.step", 2);
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 0, 0, 5, 5), 0, "trigger.dues", 0);
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 0, 2, 5, 5), 0, "trigger.dues", 1);
        _refusesTrigger(IWaterfall.Trigger(COVERAGE, 1, 1, 5, 5), 0, "trigger.dues", 0);
        _refusesTrigger(IWaterfall.Trigger(DISPUTE, 0, 0, 5, 5), 0, "trigger.thresholdBp", 5);
        _refusesTrigger(IWaterfall.Trigger(DISPUTE, 0, 0, 0, 5), 0, "trigger.cureBp", 5);
        _refusesTrigger(IWaterfall.Trigger(DISPUTE, 1, 0, 0, 0), 0, "trigger.step", 1);
        _refusesTrigger(IWaterfall.Trigger(DISPUTE, 0, 1, 0, 0), 0, "trigger.dues", 1);
    }

    function test_RevertWhen_ThereAreNineTriggers() public {
        for (uint256 i = 0; i < 9; ++i) {
            _trigger(DISPUTE, 0, 0, 0, 0);
        }
        _refuses(_plain(), 0, "triggers", 9);
    }

    function test_RevertWhen_AStepWaitsForALaterTrigger() public {
        IWaterfall.Rules memory rules = _twoSteps();
        rules.triggers = new IWaterfall.Trigger[](1);
        rules.triggers[0] = IWaterfall.Trigger(COVERAGE, 1, 2, 5, 5);
        (rules.steps[0].when, rules.steps[0].trigger) = (BREACHED, 0);
        _refuses(rules, 0, "trigger.step", 1);
        rules.steps[0].trigger = 1;
        _refuses(rules, 0, "trigger", 1);
        (rules.steps[0].when, rules.steps[0].trigger) = (IWaterfall.When.Always, 1);
        _refuses(rules, 0, "trigger", 1);
    }

    function test_RevertWhen_ATriggerCountsAStepThatItSwitches() public {
        IWaterfall.Rules memory rules = _twoSteps();
        rules.triggers = new IWaterfall.Trigger[](1);
        rules.triggers[0] = IWaterfall.Trigger(COVERAGE, 0, 2, 5, 5);
        rules.steps[1].when = BREACHED;
        _refuses(rules, 0, "trigger.dues", 1);
    }

    function test_RevertWhen_TheLastStepIsSwitched() public {
        IWaterfall.Rules memory rules = _plain();
        rules.triggers = new IWaterfall.Trigger[](1);
        rules.triggers[0].kind = DISPUTE;
        rules.steps[1].when = BREACHED;
        _refuses(rules, 1, "when", 1);
    }

    /* ACCOUNTS */

    function test_RevertWhen_AnAccountMeansTwoThings() public {
        _carrying(FIXED, taxOffice, 5);
        _carrying(FIXED, operator, 5);
        _accountIs(1);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 1);
        _carrying(FIXED, taxOffice, 5);
        _step(RESERVE, address(0), 5, 0);
        _accountIs(1);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "account", 1);
    }

    function test_RevertWhen_WhatIsDrawnOnIsNoReserve() public {
        _carrying(FIXED, taxOffice, 5);
        _drawsFrom(1);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "drawFrom", 1);
        _step(OF_RECEIPTS, taxOffice, 0, 5);
        _drawsFrom(2);
        _step(RESERVE, address(0), 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "drawFrom", 2);
    }

    function test_RevertWhen_AScheduleIsWrong() public {
        _entry(1, 1, 5);
        _refuses(_plain(), 0, "schedule.step", 1);
        _entry(2, 1, 5);
        _refuses(_plain(), 0, "schedule.step", 2);
        _entry(0, 3, 5);
        _entry(0, 3, 6);
        _refuses(_coupon(), 1, "schedule.fromPeriod", 3);
        _entry(0, 0, 5);
        _refuses(_coupon(), 0, "schedule.fromPeriod", 0);
        _entry(0, 1, (1 << 57) + 1);
        _refuses(_coupon(), 0, "schedule.amount", (1 << 57) + 1);
    }

    /* OWNERS FIRST */

    function test_RevertWhen_OwnersDoNotComeFirst() public {
        uint32 stream = _openCommon();
        _step(OF_RECEIPTS, operator, 0, 500);
        _owners(3000);
        _step(RESIDUAL, treasury, 0, 0);
        _refusesOn(stream, _rules(), 0, "purpose", 0);
        _owners(2999);
        _step(RESIDUAL, treasury, 0, 0);
        _refusesOn(stream, _rules(), 0, "bp", 2999);
        _step(OF_RECEIPTS, taxOffice, 0, 500);
        _purposeIs(IWaterfall.Purpose.PublicCharge);
        _step(RESIDUAL, treasury, 0, 0);
        _refusesOn(stream, _rules(), 1, "purpose", 0);
    }

    function test_RevertWhen_PublicChargesReduceTheOwnersShare() public {
        uint32 stream = _openCommon();
        _charged(OF_RECEIPTS, 0, 10_000, 3000);
        _refusesOn(stream, _rules(), 0, "bp", 10_000);
        _charged(OF_RECEIPTS, 0, 7001, 3000);
        _refusesOn(stream, _rules(), 0, "bp", 7001);
        _step(OF_RECEIPTS, taxOffice, 0, 4000);
        _purposeIs(IWaterfall.Purpose.PublicCharge);
        _charged(OF_RECEIPTS, 0, 3001, 3000);
        _refusesOn(stream, _rules(), 1, "bp", 3001);
        _charged(FIXED, 5, 0, 3000);
        _refusesOn(stream, _rules(), 0, "kind", uint256(FIXED));
        _step(OF_AVAILABLE, payer, 0, 3000);
        _purposeIs(IWaterfall.Purpose.OwnersShare);
        _step(RESIDUAL, treasury, 0, 0);
        _refusesOn(stream, _rules(), 0, "kind", uint256(OF_AVAILABLE));
        _charged(OF_RECEIPTS, 0, 7000, 3000);
        assertEq(_setRules(stream, _rules()), 1, "all that is left");
    }

    function _charged(IWaterfall.StepKind kind, uint64 amount, uint16 bp, uint16 owners) private {
        _step(kind, taxOffice, amount, bp);
        _purposeIs(IWaterfall.Purpose.PublicCharge);
        _owners(owners);
        _step(RESIDUAL, treasury, 0, 0);
    }

    function test_OwnersComeAfterPublicChargesOnly() public {
        uint32 stream = _openCommon();
        _step(OF_RECEIPTS, taxOffice, 0, 600);
        _purposeIs(IWaterfall.Purpose.PublicCharge);
        _owners(3000);
        _step(OF_RECEIPTS, operator, 0, 500);
        _step(RESIDUAL, treasury, 0, 0);
        assertEq(_setRules(stream, _rules()), 1, "version");
    }

    function test_RevertWhen_AMarkDoesNotFitTheStep() public {
        _step(RESIDUAL, treasury, 0, 0);
        _purposeIs(IWaterfall.Purpose.OwnersShare);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "purpose", 2);
        _step(OF_AVAILABLE, taxOffice, 0, 5);
        _purposeIs(IWaterfall.Purpose.PublicCharge);
        _step(RESIDUAL, treasury, 0, 0);
        _refuses(_rules(), 0, "purpose", 1);
    }

    /* HOLDERS' VOTE */

    function test_RevertWhen_HoldersHaveNotConsented() public {
        IWaterfall.Rules memory changed = _withVote();
        bytes32 motion = falls.motionOf(STREAM, changed);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.ConsentMissing.selector, STREAM, address(series), motion));
        vm.prank(issuer);
        falls.setRules(STREAM, changed);
        _setVote();
        _answer(motion, false);
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        vm.prank(issuer);
        falls.setRules(STREAM, changed);
    }

    function test_ConsentIsToTheseRulesAlone() public {
        IWaterfall.Rules memory changed = _withVote();
        _setVote();
        bytes32 motion = falls.motionOf(STREAM, changed);
        assertEq(motion, keccak256(abi.encode("usufruct/rules", address(falls), STREAM, uint32(1), changed)), "motion");
        vm.mockCall(vote, abi.encodeWithSelector(IHolderVote.isApproved.selector), abi.encode(false));
        _answer(motion, true);
        changed.steps[0].amount += 1;
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        vm.prank(issuer);
        falls.setRules(STREAM, changed);
        changed.steps[0].amount -= 1;
        assertEq(_setRules(changed), 2, "version");
    }

    function test_RevertWhen_AnnouncedRulesAreTakenBackWithoutConsent() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.rank, terms.consent) = (3, true);
        _launch(terms);
        IWaterfall.Rules memory without = _plain();
        _setRules(without);
        _setRules(_coupon());
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        vm.prank(issuer);
        falls.setRules(STREAM, without);
        _setVote();
        _answer(falls.motionOf(STREAM, without), true);
        assertEq(_setRules(without), 3, "with consent");
    }

    function test_ASeriesThatIsOverHasNoSay() public {
        IRevenueRight.Terms memory terms = _terms();
        (terms.rank, terms.consent, terms.termTo, terms.tail) = (2, true, 1, 1);
        _launch(terms);
        _setRules(_coupon());
        _pass(100);
        IWaterfall.Rules memory changed = _plain();
        vm.expectPartialRevert(IWaterfall.ConsentMissing.selector);
        vm.prank(issuer);
        falls.setRules(STREAM, changed);
        _pass(100);
        assertEq(_setRules(_coupon()), 2, "after the tail");
    }

    function test_RevertWhen_TheVoteContractIsSetTwice() public {
        _setVote();
        assertEq(falls.holderVote(), vote, "set");
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.HolderVoteAlreadySet.selector, vote));
        vm.prank(admin);
        falls.setHolderVote(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        falls.setHolderVote(mallory);
    }

    /* PAUSE */

    function test_PauseStopsMoneyComingInAlone() public {
        _setRules(_plain());
        _fund(100);
        vm.prank(pauser);
        falls.setPaused(true);
        vm.expectRevert(IWaterfall.FundingIsPaused.selector);
        falls.fund(STREAM, 1);
        falls.settle(STREAM, _attest(100, NO_KPIS));
        assertEq(currency.balanceOf(taxOffice), 5, "settled all the same");
        vm.prank(pauser);
        falls.setPaused(false);
        _fund(1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        vm.prank(mallory);
        falls.setPaused(true);
    }

    /* LISTING */

    function test_RevertWhen_TheCurrencyDoesNotFit() public {
        _refusesCurrency(mallory, "code", 0);
        Currency other = new Currency();
        other.mint(adam, uint256(1) << 64);
        _refusesCurrency(address(other), "totalSupply", uint256(1) << 64);
        vm.mockCall(address(other), abi.encodeWithSelector(Currency.decimals.selector), abi.encode(19));
        _refusesCurrency(address(other), "decimals", 19);
        _refusesCurrency(address(book), "decimals", type(uint256).max);
    }

    function test_CurrenciesUpToEighteenDecimalsFit() public {
        Currency other = new Currency();
        for (uint256 decimals = 0; decimals <= 18; decimals += 2) {
            vm.mockCall(address(other), abi.encodeWithSelector(Currency.decimals.selector), abi.encode(decimals));
            Waterfall made = new Waterfall(address(authority), address(book), address(other), address(factory), 1);
            assertEq(made.currency(), address(other), "currency");
        }
    }

    /* WORDS */

    function _plain() private returns (IWaterfall.Rules memory) {
        _step(FIXED, taxOffice, 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    function _coupon() private returns (IWaterfall.Rules memory) {
        _step(DUE, address(series), 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    function _twoSteps() private returns (IWaterfall.Rules memory) {
        _step(FIXED, taxOffice, 5, 0);
        return _append();
    }

    function _append() private returns (IWaterfall.Rules memory) {
        _step(FIXED, operator, 5, 0);
        _step(RESIDUAL, treasury, 0, 0);
        return _rules();
    }

    function _owners(uint16 bp) private {
        _step(OF_RECEIPTS, payer, 0, bp);
        _purposeIs(IWaterfall.Purpose.OwnersShare);
    }

    function _openCommon() private returns (uint32 stream) {
        stream = 77;
        IStreamRegistry.Terms memory terms = streams.termsOf(STREAM);
        (terms.commonParts, terms.ownersShareBp) = (true, 3000);
        vm.mockCall(address(streams), abi.encodeCall(streams.termsOf, (stream)), abi.encode(terms));
    }

    /// @dev Rules in force pay a series whose holders have a say; returns others.
    function _withVote() private returns (IWaterfall.Rules memory) {
        IRevenueRight.Terms memory terms = _terms();
        (terms.rank, terms.consent) = (3, true);
        _launch(terms);
        _setRules(_coupon());
        return _plain();
    }

    function _setVote() private {
        vm.prank(admin);
        falls.setHolderVote(vote);
    }

    function _answer(bytes32 motion, bool answer) private {
        vm.mockCall(vote, abi.encodeCall(IHolderVote.isApproved, (address(series), motion)), abi.encode(answer));
    }

    function _refusesTrigger(IWaterfall.Trigger memory trigger, uint256 place, bytes32 field, uint256 value) private {
        IWaterfall.Rules memory rules = _plain();
        rules.triggers = new IWaterfall.Trigger[](1);
        rules.triggers[0] = trigger;
        _refuses(rules, place, field, value);
    }

    function _refuses(IWaterfall.Rules memory rules, uint256 step, bytes32 field, uint256 value) private {
        _refusesOn(STREAM, rules, step, field, value);
    }

    function _refusesOn(uint32 stream, IWaterfall.Rules memory rules, uint256 step, bytes32 field, uint256 value)
        private
    {
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.InvalidRules.selector, stream, step, field, value));
        vm.prank(issuer);
        falls.setRules(stream, rules);
    }

    function _refusesCurrency(address currency_, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(Listing.UnsuitableCurrency.selector, currency_, field, value));
        new Waterfall(address(authority), address(book), currency_, address(factory), 1);
    }
}
