// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {DistributionKit} from "./DistributionKit.sol";

/// @dev A quarter computed by hand: 10 million senior at 3.99 %, 2 million mezzanine at 6 %, the rest to the juniors.
contract HandWaterfallTest is DistributionKit {
    address internal contractors = makeAddr("contractors");
    ISeries internal senior;
    ISeries internal mezzanine;
    ISeries internal junior;

    function setUp() public override {
        super.setUp();
        senior = _rank(0);
        mezzanine = _rank(1);
        junior = _rank(2);
        _step(FIXED, taxOffice, 60_000, 0);
        _step(FIXED, contractors, 300_000, 0);
        _step(OF_RECEIPTS, operator, 0, 100);
        _carrying(DUE, address(senior), 99_750);
        _carrying(DUE, address(senior), 250_000);
        _step(RESERVE, address(0), 50_000, 0);
        _carrying(DUE, address(mezzanine), 30_000);
        _step(RESIDUAL, address(junior), 0, 0);
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
    }

    function _rank(uint8 rank) private returns (ISeries) {
        IRevenueRight.Terms memory terms = _terms();
        terms.rank = rank;
        _launch(terms);
        return series;
    }

    function test_AMillion() public {
        _pass(1_000_000);
        assertEq(currency.balanceOf(taxOffice), 60_000, "tax");
        assertEq(currency.balanceOf(contractors), 300_000, "operating cost");
        assertEq(currency.balanceOf(operator), 10_000, "fee");
        assertEq(senior.state().acc, 99_750 + 250_000, "senior interest and principal");
        assertEq(falls.balanceOf(STREAM, 6), 50_000, "reserve");
        assertEq(mezzanine.state().acc, 30_000, "mezzanine interest");
        assertEq(junior.state().acc, 200_250, "junior");
        assertEq(currency.balanceOf(treasury), 0, "treasury");
        assertEq(junior.claimable(adam), 100_125, "adam's half");
    }

    function test_FourHundredThousand() public {
        IWaterfall.Line[] memory lines = falls.preview(STREAM, 400_000, NO_KPIS).lines;
        assertEq(lines[3].due - lines[3].paid, 63_750, "short of senior interest");
        _pass(400_000);
        assertEq(currency.balanceOf(taxOffice), 60_000, "tax");
        assertEq(currency.balanceOf(contractors), 300_000, "operating cost");
        assertEq(currency.balanceOf(operator), 4000, "fee");
        assertEq(senior.state().acc, 36_000, "senior interest");
        assertEq(falls.balanceOf(STREAM, 4), 63_750, "interest in arrears");
        assertEq(falls.balanceOf(STREAM, 5), 250_000, "principal in arrears");
        assertEq(falls.balanceOf(STREAM, 6), 0, "reserve");
        assertEq(mezzanine.state().acc, 0, "mezzanine");
        assertEq(junior.state().acc, 0, "junior");
        assertEq(currency.balanceOf(address(falls)), 0, "nothing is left");
    }
}
