// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643, IERC3643Compliance} from "../../src/interfaces/IERC3643.sol";
import {IERC7943} from "../../src/interfaces/IERC7943.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesStandards} from "../../src/interfaces/ISeriesStandards.sol";
import {SeriesErc3643} from "../../src/rights/standards/SeriesErc3643.sol";
import {StandardsKit} from "./StandardsKit.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Refuses transfers of more than a limit, and counts what it is told.
contract Supervisor is IERC3643Compliance {
    uint256 public immutable limit;
    uint256 public moved;
    uint256 public made;
    uint256 public gone;

    constructor(uint256 limit_) {
        limit = limit_;
    }

    function canTransfer(address, address, uint256 amount) external view returns (bool) {
        return amount <= limit;
    }

    function transferred(address, address, uint256 amount) external {
        moved += amount;
    }

    function created(address, uint256 amount) external {
        made += amount;
    }

    function destroyed(address, uint256 amount) external {
        gone += amount;
    }
}

contract Erc3643Test is StandardsKit {
    /* VIEWS */

    function test_TellsItsSurroundings() public view {
        assertEq(series.identityRegistry(), address(registry), "registry");
        assertEq(series.compliance(), address(series), "compliance");
        assertEq(series.onchainID(), address(0), "identity");
        assertEq(series.version(), "1.0.0", "version");
        assertEq(series.owner(), address(authority), "owner");
        assertTrue(series.isAgent(registrar), "agent");
        assertFalse(series.isAgent(mallory), "no agent");
    }

    function test_RevertWhen_WhatIsFixedIsSet() public {
        vm.expectRevert(ISeriesStandards.FixedAtCreation.selector);
        series.setName("other");
        vm.expectRevert(ISeriesStandards.FixedAtCreation.selector);
        series.setSymbol("O");
        vm.expectRevert(ISeriesStandards.FixedAtCreation.selector);
        series.setOnchainID(adam);
        vm.expectRevert(ISeriesStandards.FixedAtCreation.selector);
        series.setIdentityRegistry(adam);
    }

    /* PAUSE */

    function test_PausesAndResumes() public {
        vm.expectEmit(address(series));
        emit IERC3643.Paused(pauser);
        vm.prank(pauser);
        series.pause();
        assertTrue(series.paused(), "paused");
        vm.expectEmit(address(series));
        emit IERC3643.Unpaused(pauser);
        vm.prank(pauser);
        series.unpause();
        assertFalse(series.paused(), "resumed");
    }

    function test_RevertWhen_PausedTwice() public {
        vm.startPrank(pauser);
        vm.expectRevert(ISeriesStandards.ExpectedPause.selector);
        series.unpause();
        series.pause();
        vm.expectRevert(ISeriesStandards.EnforcedPause.selector);
        series.pause();
    }

    /* FREEZE OF A WALLET */

    function test_FreezesForThisSeriesAlone() public {
        vm.expectEmit(address(series));
        emit IERC3643.AddressFrozen(adam, true, registrar);
        _bar(adam, true);
        assertTrue(series.isFrozen(adam), "frozen");
        assertFalse(registry.walletOf(adam).frozen, "registry");
        assertFalse(series.canSend(adam) || series.canReceive(adam), "may act");
        series.sync(adam);
        assertTrue(series.isFrozen(adam), "after sync");
        _bar(adam, false);
        assertFalse(series.isFrozen(adam), "released");
        _transfer(adam, barb, 100);
    }

    function test_ReleasingHereLeavesTheRegistrysOrder() public {
        _freeze(adam, true, true);
        _bar(adam, true);
        _bar(adam, false);
        assertTrue(series.isFrozen(adam), "frozen");
    }

    function test_AWalletFrozenHereIsNotPaidHere() public {
        _distribute(1, 10_000);
        _bar(adam, true);
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.RecipientFrozen;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.PaymentWithheld.selector, adam, reason));
        series.claimFor(adam);
    }

    /* FREEZE OF UNITS */

    function test_AddsAndTakesBack() public {
        vm.startPrank(registrar);
        vm.expectEmit(address(series));
        emit IERC3643.TokensFrozen(adam, 2000);
        series.freezePartialTokens(adam, 2000);
        series.freezePartialTokens(adam, 3000);
        vm.expectEmit(address(series));
        emit IERC3643.TokensUnfrozen(adam, 4000);
        series.unfreezePartialTokens(adam, 4000);
        assertEq(series.getFrozenTokens(adam), 1000, "frozen");
    }

    function test_RevertWhen_MoreIsFrozenThanIsFree() public {
        vm.startPrank(registrar);
        series.freezePartialTokens(adam, 4000);
        vm.expectRevert(abi.encodeWithSelector(ISeriesStandards.FreezeExceeded.selector, adam, 1001, 1000));
        series.freezePartialTokens(adam, 1001);
        vm.expectRevert(abi.encodeWithSelector(ISeriesStandards.FreezeExceeded.selector, adam, 4001, 4000));
        series.unfreezePartialTokens(adam, 4001);
    }

    /* MINT AND BURN */

    function test_MintsAndBurnsBeforeSealing() public {
        ISeries fresh = _fresh();
        vm.startPrank(issuer);
        fresh.mint(adam, 500);
        vm.expectEmit(address(fresh));
        emit IERC20.Transfer(adam, address(0), 200);
        fresh.burn(adam, 200);
        assertEq(fresh.balanceOf(adam), 300, "balance");
        assertEq(fresh.totalSupply(), 300, "supply");
        fresh.burn(adam, 300);
        assertEq(fresh.totalSupply(), 0, "none left");
    }

    function test_RevertWhen_BurningLeavesLessThanATicket() public {
        ISeries fresh = _fresh();
        vm.startPrank(issuer);
        fresh.mint(adam, 500);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        fresh.burn(adam, 401);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 500, 501));
        fresh.burn(adam, 501);
    }

    function test_RevertWhen_MintedOrBurnedAfterSealing() public {
        vm.startPrank(issuer);
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        series.mint(adam, 500);
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        series.burn(adam, 500);
    }

    function test_RevertWhen_MintedToNobodyOrAStranger() public {
        ISeries fresh = _fresh();
        vm.startPrank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        fresh.mint(address(0), 500);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        fresh.mint(mallory, 500);
        vm.expectPartialRevert(IRevenueRight.LimitExceeded.selector);
        fresh.mint(adam, type(uint256).max);
    }

    /* BATCHES */

    function test_BatchesAreAsGoodAsSingles() public {
        bool[] memory on = new bool[](2);
        (on[0], on[1]) = (true, true);
        vm.startPrank(registrar);
        series.batchFreezePartialTokens(_addresses(adam, barb), _numbers(100, 200));
        series.batchUnfreezePartialTokens(_addresses(adam, barb), _numbers(50, 60));
        assertEq(series.getFrozenTokens(adam) + series.getFrozenTokens(barb), 190, "units");
        series.batchForcedTransfer(_addresses(adam, barb), _addresses(carl, carl), _numbers(1000, 1000));
        assertEq(series.balanceOf(carl), 4000, "forced");
        series.batchSetAddressFrozen(_addresses(adam, barb), on);
        assertTrue(series.isFrozen(adam) && series.isFrozen(barb), "wallets");
        vm.stopPrank();
        vm.prank(carl);
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        series.batchTransfer(_addresses(adam, barb), _numbers(500, 500));
    }

    function test_BatchesOfUnitsBeforeSealing() public {
        ISeries fresh = _fresh();
        vm.startPrank(issuer);
        fresh.batchMint(_addresses(adam, barb), _numbers(500, 600));
        fresh.batchBurn(_addresses(adam, barb), _numbers(100, 100));
        assertEq(fresh.totalSupply(), 900, "supply");
    }

    function test_TransfersInABatch() public {
        vm.prank(adam);
        series.batchTransfer(_addresses(barb, carl), _numbers(500, 700));
        assertEq(series.balanceOf(barb), 3500, "barb");
        assertEq(series.balanceOf(carl), 2700, "carl");
    }

    function test_RevertWhen_ListsDiffer() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.LengthMismatch.selector, 2, 0));
        vm.prank(adam);
        series.batchTransfer(_addresses(barb, carl), new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.LengthMismatch.selector, 2, 0));
        vm.prank(registrar);
        series.batchFreezePartialTokens(_addresses(barb, carl), new uint256[](0));
    }

    /* COMPLIANCE CONTRACT */

    function test_AnExternalContractIsAskedAndTold() public {
        Supervisor supervisor = _supervise(1000);
        assertEq(series.compliance(), address(supervisor), "compliance");
        _transfer(adam, barb, 1000);
        _force(adam, barb, 1500);
        assertEq(supervisor.moved(), 2500, "told");
        assertFalse(series.canTransfer(adam, barb, 1001), "foretold");
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        _transfer(adam, barb, 1001);
    }

    function test_AnExternalContractIsToldOfIssuesReturnsAndRecoveries() public {
        address next = makeAddr("next wallet of adam");
        Supervisor supervisor = _supervise(1000);
        vm.startPrank(registrar);
        registry.recoverWallet(adam, next, "record", new address[](0));
        series.recoveryAddress(adam, next, address(0));
        vm.stopPrank();
        assertEq(supervisor.moved(), 5000, "recovered");
        series = _fresh();
        supervisor = _supervise(0);
        _issue(barb, 500);
        vm.startPrank(issuer);
        series.mint(barb, 300);
        assertEq(supervisor.made(), 800, "issued");
        vm.stopPrank();
        _freezeUnits(barb, 700);
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(barb, 300);
        vm.prank(issuer);
        series.burn(barb, 500);
        assertEq(supervisor.gone(), 500, "returned");
        assertEq(series.getFrozenTokens(barb), 300, "free units go first");
    }

    function test_AContractThatDoesNotAnswerRefuses() public {
        vm.prank(admin);
        series.setCompliance(address(currency));
        (IRevenueRight.Refusal reason,) = series.checkTransfer(adam, barb, 100);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.ComplianceRefused), "reason");
    }

    function test_WithoutOneNobodyIsAsked() public {
        _supervise(0);
        vm.prank(admin);
        series.setCompliance(address(0));
        assertEq(series.compliance(), address(series), "compliance");
        _transfer(adam, barb, 100);
    }

    function test_RevertWhen_TheSeriesIsItsOwnCompliance() public {
        bytes memory refusal = abi.encodeWithSelector(SeriesErc3643.InvalidCompliance.selector, address(series));
        vm.expectRevert(refusal);
        vm.prank(admin);
        series.setCompliance(address(series));
        _transfer(adam, barb, 100);
    }

    function test_RevertWhen_SetByAnybody() public {
        bytes4 selector = IERC3643.setCompliance.selector;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, registrar, selector));
        vm.prank(registrar);
        series.setCompliance(address(0));
    }

    function _supervise(uint256 limit) private returns (Supervisor supervisor) {
        supervisor = new Supervisor(limit);
        vm.expectEmit(address(series));
        emit IERC3643.ComplianceAdded(address(supervisor));
        vm.prank(admin);
        series.setCompliance(address(supervisor));
    }

    function _bar(address wallet, bool frozen) private {
        vm.prank(registrar);
        series.setAddressFrozen(wallet, frozen);
    }

    function _fresh() private returns (ISeries fresh) {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 121;
        fresh = _create(terms);
    }
}
