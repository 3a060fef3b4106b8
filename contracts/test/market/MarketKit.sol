// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {DvpDesk} from "../../src/market/DvpDesk.sol";
import {Offering} from "../../src/market/Offering.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title An offering desk and a trading desk for series that take placements; five admitted investors with money.
abstract contract MarketKit is RightsKit {
    uint64 internal constant PRICE = 3;
    uint64 internal constant WEALTH = 1_000_000_000;
    uint40 internal constant OPENS = NOW + 1 days;
    uint40 internal constant CLOSES = NOW + 11 days;
    uint40 internal constant DELIVERED_BY = NOW + 41 days;

    address internal sponsor = makeAddr("sponsor");

    OddCurrency internal odd;
    Offering internal offering;
    DvpDesk internal desk;
    address[5] internal investors;

    function setUp() public virtual override {
        super.setUp();
        address[] memory factories = new address[](1);
        factories[0] = address(factory);
        offering = new Offering(address(authority), address(currency), factories);
        desk = new DvpDesk(address(authority), address(currency), factories);
        _grant();
        investors = [adam, barb, carl, dora, eric];
        for (uint256 i = 0; i < investors.length; ++i) {
            _admit(investors[i]);
            _endow(investors[i], WEALTH);
        }
    }

    function _grant() private {
        vm.prank(admin);
        authority.grantRole(Roles.PLACEMENT, address(offering), 0);
        allow(address(offering), IOffering.open.selector, Roles.ISSUER);
        allow(address(offering), IOffering.cancel.selector, Roles.ISSUER);
        allow(address(offering), IMarket.setPaused.selector, Roles.PAUSER);
        allow(address(desk), IMarket.setPaused.selector, Roles.PAUSER);
    }

    function _newCurrency() internal virtual override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    /* WORLD */

    /// @dev Money for an investor, who lets both desks take it.
    function _endow(address investor, uint64 amount) internal {
        currency.mint(investor, amount);
        vm.startPrank(investor);
        currency.approve(address(offering), type(uint256).max);
        currency.approve(address(desk), type(uint256).max);
        vm.stopPrank();
    }

    /// @dev 1 000 to 10 000 units at 3, withdrawable; tickets from 100 by the terms of the series.
    function _offer() internal view returns (IOffering.Terms memory) {
        return IOffering.Terms({
            series: address(series),
            from: OPENS,
            to: CLOSES,
            beneficiary: sponsor,
            deliverUntil: DELIVERED_BY,
            withdrawable: true,
            price: PRICE,
            minUnits: 1000,
            maxUnits: 10_000,
            minEach: 100,
            maxEach: 0
        });
    }

    function _open(IOffering.Terms memory terms) internal returns (uint32) {
        vm.prank(issuer);
        return offering.open(terms);
    }

    /// @dev An offering of a new series whose window has just opened.
    function _openWindow() internal returns (uint32 number) {
        series = _create(_terms());
        number = _open(_offer());
        vm.warp(OPENS);
    }

    function _subscribe(uint32 number, address investor, uint48 units) internal {
        vm.prank(investor);
        offering.subscribe(number, units);
    }

    function _close() internal {
        vm.warp(CLOSES);
    }

    function _status(uint32 number) internal view returns (uint256) {
        (IOffering.Status status,) = offering.stateOf(number);
        return uint256(status);
    }

    function _pause(address market, bool paused) internal {
        vm.prank(pauser);
        IMarket(market).setPaused(paused);
    }
}
