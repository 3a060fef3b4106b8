// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Waterfall} from "../../src/distribution/Waterfall.sol";
import {Listing} from "../../src/libraries/Listing.sol";
import {DistributionKit} from "../distribution/DistributionKit.sol";
import {Currency} from "../rights/Currency.sol";
import {NamelessCurrency, QuirkyCurrency} from "./QuirkyCurrency.sol";

/// @title Odd currencies in every place where money goes from the payer to the holder.
/// @dev Each row of a table gets a world of its own. Accepted means exact, to the unit; everything else is refused as a
/// whole and leaves nothing behind.
contract CurrenciesTest is DistributionKit {
    QuirkyCurrency.Quirk private constant NONE = QuirkyCurrency.Quirk.None;
    QuirkyCurrency.Quirk private constant SILENT = QuirkyCurrency.Quirk.ReturnsNothing;
    QuirkyCurrency.Quirk private constant FEE = QuirkyCurrency.Quirk.TakesAFee;
    QuirkyCurrency.Quirk private constant FALSE_ = QuirkyCurrency.Quirk.ReturnsFalse;
    QuirkyCurrency.Quirk private constant REVERTS = QuirkyCurrency.Quirk.Reverts;
    QuirkyCurrency.Quirk private constant PAUSED = QuirkyCurrency.Quirk.IsPaused;
    QuirkyCurrency.Quirk private constant BLOCKS = QuirkyCurrency.Quirk.BlocksSome;
    QuirkyCurrency.Quirk private constant CALLS = QuirkyCurrency.Quirk.CallsBack;

    QuirkyCurrency private _quirky;
    uint8 private _decimals = 6;

    function _newCurrency() internal override returns (Currency) {
        _quirky = new QuirkyCurrency(_decimals);
        return Currency(address(_quirky));
    }

    /// @dev A fresh world: half to the series, the rest to the treasury.
    function _world(uint8 decimals) private {
        vm.warp(NOW);
        _decimals = decimals;
        setUp();
        _launch();
        _step(OF_AVAILABLE, address(series), 0, 5000);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
    }

    /* LISTING */

    function test_DecimalsUpToEighteenAreListed() public {
        _lists(new QuirkyCurrency(0));
        _lists(new QuirkyCurrency(2));
        _lists(new QuirkyCurrency(6));
        _lists(new QuirkyCurrency(18));
        _refusesToList(address(new QuirkyCurrency(19)), "decimals", 19);
        _refusesToList(address(new QuirkyCurrency(255)), "decimals", 255);
    }

    function test_SuppliesThatFitAreListed() public {
        QuirkyCurrency huge = new QuirkyCurrency(6);
        huge.mint(payer, type(uint64).max);
        _lists(huge);
        huge.mint(payer, 1);
        _refusesToList(address(huge), "totalSupply", 1 << 64);
    }

    function test_WhatIsNoCurrencyIsNotListed() public {
        _refusesToList(mallory, "code", 0);
        _refusesToList(address(new NamelessCurrency()), "decimals", type(uint256).max);
    }

    /* THE WHOLE WAY */

    /// @dev Decimals are for people: the same units go the same way.
    function test_AnyDecimalsArePaidExactly() public {
        uint8[4] memory all = [0, 2, 6, 18];
        for (uint256 i = 0; i < all.length; ++i) {
            _world(all[i]);
            _paysExactly();
        }
    }

    function test_ACurrencyThatReturnsNothingIsPaidExactly() public {
        _world(6);
        _quirky.become(SILENT);
        _paysExactly();
    }

    /// @dev 10 001: the series 5 000, of which Adam half; the treasury 5 001.
    function _paysExactly() private {
        _pass(10_001);
        assertEq(currency.balanceOf(treasury), 5001, "treasury");
        assertEq(series.claimFor(adam), 2500, "adam, claimed");
        assertEq(series.push(_page()), 2, "pushed");
        assertEq(currency.balanceOf(adam), 2500, "adam");
        assertEq(currency.balanceOf(barb), 1500, "barb");
        assertEq(currency.balanceOf(carl), 1000, "carl");
        assertEq(currency.balanceOf(address(falls)), 0, "waterfall");
        assertEq(currency.balanceOf(address(series)), 0, "series");
    }

    /* MONEY IN */

    function test_MoneyComesInExactlyOrNotAtAll() public {
        QuirkyCurrency.Quirk[6] memory refused = [FEE, FALSE_, REVERTS, PAUSED, BLOCKS, CALLS];
        for (uint256 i = 0; i < refused.length; ++i) {
            _world(6);
            _quirky.setBlocked(payer, true);
            _quirky.setCall(abi.encodeCall(Waterfall.fund, (STREAM, 1)));
            _quirky.become(refused[i]);
            currency.mint(payer, 10_000);
            vm.startPrank(payer);
            currency.approve(address(falls), 10_000);
            vm.expectRevert();
            falls.fund(STREAM, 10_000);
            vm.stopPrank();
            (uint64 escrow,,) = falls.accountOf(STREAM);
            assertEq(escrow, 0, "escrow");
            assertEq(currency.balanceOf(payer), 10_000, "payer");
        }
    }

    /* MONEY OUT */

    /// @dev A plain payee whom the currency refuses is owed, and paid once it no longer does.
    function test_ARefusedPayeeIsOwedUntilItCanBePaid() public {
        _world(6);
        uint32 period = _attest(10_000, NO_KPIS);
        _fund(10_000);
        _quirky.setBlocked(treasury, true);
        _quirky.become(BLOCKS);
        falls.settle(STREAM, period);
        assertEq(falls.owedTo(treasury), 5000, "owed");
        assertEq(series.claimable(adam), 2500, "the series has its part");
        QuirkyCurrency.Quirk[4] memory refused = [BLOCKS, FALSE_, REVERTS, PAUSED];
        for (uint256 i = 0; i < refused.length; ++i) {
            _quirky.become(refused[i]);
            vm.expectRevert();
            falls.withdrawOwed(treasury);
        }
        assertEq(falls.owedTo(treasury), 5000, "still owed");
        _quirky.become(SILENT);
        assertEq(falls.withdrawOwed(treasury), 5000, "withdrawn");
        assertEq(currency.balanceOf(treasury), 5000, "treasury");
    }

    /// @dev A series that cannot be paid holds up its period, and nobody is paid in part.
    function test_APeriodWaitsForASeriesThatCannotBePaid() public {
        QuirkyCurrency.Quirk[4] memory refused = [BLOCKS, FALSE_, REVERTS, PAUSED];
        for (uint256 i = 0; i < refused.length; ++i) {
            _world(6);
            uint32 period = _attest(10_000, NO_KPIS);
            _fund(10_000);
            _quirky.setBlocked(address(series), true);
            _quirky.become(refused[i]);
            vm.expectRevert();
            falls.settle(STREAM, period);
            assertEq(currency.balanceOf(treasury), 0, "treasury");
            _quirky.become(NONE);
            falls.settle(STREAM, period);
            assertEq(series.claimable(adam), 2500, "adam");
        }
    }

    /// @dev A holder keeps the claim through every refusal, and others of the page are paid where they can be.
    function test_AHolderKeepsTheClaim() public {
        QuirkyCurrency.Quirk[4] memory refused = [BLOCKS, FALSE_, REVERTS, PAUSED];
        for (uint256 i = 0; i < refused.length; ++i) {
            _world(6);
            _pass(10_000);
            _quirky.setBlocked(adam, true);
            _quirky.become(refused[i]);
            vm.expectRevert();
            series.claimFor(adam);
            uint256 paid = series.push(_page());
            assertEq(paid, refused[i] == BLOCKS ? 2 : 0, "paid by the page");
            assertEq(series.claimable(adam), 2500, "adam keeps the claim");
            _quirky.become(NONE);
            assertEq(series.push(_page()), 3 - paid, "the rest");
            assertEq(currency.balanceOf(adam), 2500, "adam");
            assertEq(currency.balanceOf(address(series)), 0, "nothing is left");
        }
    }

    function test_CallingBackPaysNobodyTwice() public {
        _world(6);
        _pass(10_000);
        _quirky.setCall(abi.encodeCall(series.claimFor, (adam)));
        _quirky.become(CALLS);
        series.claimFor(adam);
        assertEq(currency.balanceOf(adam), 2500, "adam");
        assertEq(series.push(_page()), 2, "pushed");
        assertEq(currency.balanceOf(address(series)), 0, "series");
    }

    /// @dev A fee that begins later is the holder's: what leaves the series is what was claimed, never more.
    function test_AFeeThatBeginsLaterCostsOnlyTheOnePaid() public {
        _world(6);
        _pass(10_000);
        _quirky.become(FEE);
        assertEq(series.claimFor(adam), 2500, "claimed");
        assertEq(currency.balanceOf(adam), 2475, "less the fee");
        assertEq(currency.balanceOf(address(series)), 2500, "the others' money is there");
    }

    /* HELPERS */

    function _page() private view returns (address[] memory page) {
        page = new address[](3);
        (page[0], page[1], page[2]) = (adam, barb, carl);
    }

    function _lists(QuirkyCurrency money) private {
        new Waterfall(address(authority), address(book), address(money), address(factory), RULES_DELAY);
    }

    function _refusesToList(address money, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(Listing.UnsuitableCurrency.selector, money, field, value));
        new Waterfall(address(authority), address(book), money, address(factory), RULES_DELAY);
    }
}
