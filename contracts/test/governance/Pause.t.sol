// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {DistributionKit} from "../distribution/DistributionKit.sol";
import {MarketKit} from "../market/MarketKit.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title Everything that can be paused is paused, while money, subscriptions, an order and a period are under way.
contract PauseTest is DistributionKit, MarketKit {
    ISeries internal right;
    ISeries internal wanted;
    ISeries internal unwanted;
    uint32 internal sold;
    uint32 internal failed;
    IDvpDesk.Order internal order;
    bytes internal signature;

    function setUp() public override(DistributionKit, MarketKit) {
        super.setUp();
        _launchRight();
        (wanted, sold) = _offered("WANTED");
        (unwanted, failed) = _offered("UNWANTED");
        vm.prank(adam);
        right.approve(address(desk), type(uint256).max);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf("adam"), desk.digestOf(_order()));
        (order, signature) = (_order(), abi.encodePacked(r, s, v));
        vm.warp(OPENS);
        _subscribe(sold, adam, 2000);
        _subscribe(sold, barb, 500);
        _subscribe(failed, carl, 100);
        _fund(10_001);
        _pauseAll();
    }

    function _distributor() internal override(RightsKit, DistributionKit) returns (address) {
        return super._distributor();
    }

    function _newCurrency() internal override(RightsKit, MarketKit) returns (Currency) {
        return super._newCurrency();
    }

    function _launchRight() private {
        IRevenueRight.Terms memory terms = _terms();
        terms.termTo = 2;
        _launch(terms);
        right = series;
        _step(FIXED, operator, 1000, 0);
        _step(OF_AVAILABLE, address(right), 0, 10_000);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
    }

    function _offered(bytes32 symbol) private returns (ISeries created, uint32 number) {
        IRevenueRight.Terms memory terms = _terms();
        terms.symbol = symbol;
        created = _create(terms);
        series = created;
        number = _open(_offer());
    }

    function _order() private view returns (IDvpDesk.Order memory) {
        return IDvpDesk.Order(adam, address(0), address(right), true, 1000, 7003, 100, NOW + 30 days, 5);
    }

    function _pauseAll() private {
        vm.startPrank(pauser);
        right.pause();
        wanted.pause();
        unwanted.pause();
        falls.setPaused(true);
        IMarket(address(offering)).setPaused(true);
        IMarket(address(desk)).setPaused(true);
        vm.stopPrank();
    }

    /* WHAT STOPS */

    function test_RevertWhen_MoneyComesInWhilePaused() public {
        vm.prank(payer);
        vm.expectRevert(IWaterfall.FundingIsPaused.selector);
        falls.fund(STREAM, 1);
    }

    function test_RevertWhen_SomebodySubscribesWhilePaused() public {
        vm.prank(dora);
        vm.expectRevert(IMarket.MarketPaused.selector);
        offering.subscribe(sold, 1000);
    }

    function test_RevertWhen_SomebodyTradesWhilePaused() public {
        vm.prank(dora);
        vm.expectRevert(IMarket.MarketPaused.selector);
        desk.fill(order, signature, 1000, type(uint64).max);
    }

    function test_RevertWhen_UnitsMoveWhilePaused() public {
        vm.prank(carl);
        right.approve(barb, 100);
        bytes memory refusal = abi.encodeWithSelector(
            IRevenueRight.TransferRefused.selector, carl, barb, 100, IRevenueRight.Refusal.Paused, 0
        );
        vm.prank(carl);
        vm.expectRevert(refusal);
        right.transfer(barb, 100);
        vm.prank(barb);
        vm.expectRevert(refusal);
        right.transferFrom(carl, barb, 100);
    }

    /* WHAT GOES ON */

    function test_SubscribersAreServedOrRefundedWhilePaused() public {
        vm.prank(barb);
        offering.withdraw(sold);
        assertEq(currency.balanceOf(barb), WEALTH, "withdrawn");
        _close();
        offering.deliver(sold, adam);
        assertEq(wanted.balanceOf(adam), 2000, "delivered");
        assertEq(currency.balanceOf(sponsor), 2000 * PRICE, "the sponsor is paid");
        odd.setMood(carl, OddCurrency.Mood.Reverts);
        offering.refund(failed, carl);
        odd.setMood(carl, OddCurrency.Mood.Fine);
        offering.withdrawOwed(carl);
        assertEq(currency.balanceOf(carl), WEALTH, "refunded");
        vm.prank(adam);
        desk.cancel(order);
    }

    function test_StatementsSettlementsAndClaimsGoOnWhilePaused() public {
        odd.setMood(operator, OddCurrency.Mood.Reverts);
        uint32 period = _attest(10_001, NO_KPIS);
        falls.settle(STREAM, period);
        assertEq(right.state().acc, 9001, "distributed");
        odd.setMood(operator, OddCurrency.Mood.Fine);
        falls.withdrawOwed(operator);
        assertEq(currency.balanceOf(operator), 1000, "owed and withdrawn");
        vm.prank(adam);
        assertEq(right.claim(), 4500, "claim");
        assertEq(right.claimFor(barb), 2700, "claimFor");
        address[] memory page = new address[](1);
        page[0] = carl;
        assertEq(right.push(page), 1, "push");
    }

    function test_ASeriesIsClosedAndRedeemedWhilePaused() public {
        falls.settle(STREAM, _attest(10_001, NO_KPIS));
        falls.settle(STREAM, _attest(0, NO_KPIS));
        right.close();
        uint256 before = currency.balanceOf(adam);
        right.redeem(adam);
        assertEq(right.balanceOf(adam), 0, "redeemed");
        assertEq(currency.balanceOf(adam) - before, 4500, "and paid");
    }
}
