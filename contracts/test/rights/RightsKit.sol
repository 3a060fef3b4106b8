// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {ISeriesRecords} from "../../src/interfaces/ISeriesRecords.sol";
import {ISeriesSnapshots} from "../../src/interfaces/ISeriesSnapshots.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {SeriesExtension} from "../../src/rights/SeriesExtension.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {Kit} from "../Kit.sol";
import {Currency} from "./Currency.sol";

/// @title A registry, a currency, a factory, and one sealed series with three holders.
/// @dev The waterfall is an account here, so that tests can speak for it.
abstract contract RightsKit is Kit {
    uint16 internal constant CHINA = 156;
    uint16 internal constant SINGAPORE = 702;
    uint16 internal constant TODAY = uint16(NOW / 1 days);
    uint16 internal constant NEXT_YEAR = TODAY + 365;
    uint32 internal constant STREAM = 4;
    uint64 internal constant TICKET = 100;

    IParticipantRegistry.Class internal constant PROFESSIONAL = IParticipantRegistry.Class.Professional;
    IParticipantRegistry.Class internal constant RETAIL = IParticipantRegistry.Class.Retail;

    address internal waterfall = makeAddr("waterfall");
    address internal keeper = makeAddr("keeper");

    ParticipantRegistry internal registry;
    Currency internal currency;
    RevenueRight internal implementation;
    SeriesFactory internal factory;
    ISeries internal series;

    uint64 private _participants;

    function setUp() public virtual {
        registry = new ParticipantRegistry(address(authority));
        vm.prank(admin);
        registry.appointRegistrar(registrar, true);
        currency = _newCurrency();
        implementation = RevenueRight(_newSeriesCode(address(currency), _distributor()));
        factory = new SeriesFactory(address(authority), address(implementation));
        allow(address(factory), SeriesFactory.create.selector, Roles.ISSUER);
        allow(address(factory), IRevenueRight.issue.selector, Roles.ISSUER);
        allow(address(factory), IRevenueRight.seal.selector, Roles.ISSUER);
        allow(address(factory), IERC3643.pause.selector, Roles.PAUSER);
        allow(address(factory), IERC3643.unpause.selector, Roles.PAUSER);
        allow(address(factory), IRevenueRight.place.selector, Roles.PLACEMENT);
        allow(address(factory), ISeriesRecords.scheduleRecord.selector, Roles.ISSUER);
        allow(address(factory), ISeriesSnapshots.openSnapshot.selector, Roles.VOTING);
        _admit(adam);
        _admit(barb);
        _admit(carl);
    }

    function _newCurrency() internal virtual returns (Currency) {
        return new Currency();
    }

    /// @dev Both halves of the code of series that `source` distributes to.
    function _newSeriesCode(address money, address source) internal returns (address) {
        address half = _newExtension(money, source);
        return address(new RevenueRight(address(authority), address(registry), money, source, half));
    }

    function _newExtension(address money, address source) internal virtual returns (address) {
        return address(new SeriesExtension(address(authority), address(registry), money, source));
    }

    /// @dev Who may distribute.
    function _distributor() internal virtual returns (address) {
        return waterfall;
    }

    /* WORLD */

    function _terms() internal pure returns (IRevenueRight.Terms memory) {
        return IRevenueRight.Terms({
            name: "VPP senior 2026",
            symbol: "VPP-S26",
            stream: STREAM,
            termFrom: 1,
            termTo: 120,
            rank: 0,
            decimals: 0,
            classes: uint8(1 << uint8(PROFESSIONAL) | 1 << uint8(IParticipantRegistry.Class.Institution)),
            countries: uint128(CHINA) << 16 | SINGAPORE,
            minTicket: TICKET,
            lockedUntil: 0,
            tail: 0,
            holderCap: 0,
            countryCap: 0,
            windowEvery: 0,
            windowLength: 0,
            consent: false
        });
    }

    function _create(IRevenueRight.Terms memory terms) internal returns (ISeries) {
        vm.prank(issuer);
        return ISeries(factory.create(terms, "salt"));
    }

    /// @dev A sealed series: Adam 5 000, Barb 3 000, Carl 2 000 units.
    function _launch() internal {
        _launch(_terms());
    }

    function _launch(IRevenueRight.Terms memory terms) internal {
        series = _create(terms);
        _issue(adam, 5000);
        _issue(barb, 3000);
        _issue(carl, 2000);
        vm.prank(issuer);
        series.seal();
    }

    function _issue(address holder, uint64 units) internal {
        (address[] memory holders, uint64[] memory amounts) = (new address[](1), new uint64[](1));
        (holders[0], amounts[0]) = (holder, units);
        vm.prank(issuer);
        series.issue(holders, amounts);
    }

    function _distribute(uint32 period, uint64 amount) internal {
        currency.mint(address(series), amount);
        vm.prank(waterfall);
        series.distribute(period, amount);
    }

    /* IDENTITY */

    function _admit(address wallet) internal {
        _admit(wallet, NEXT_YEAR, CHINA, PROFESSIONAL, 0);
    }

    function _admit(
        address wallet,
        uint16 kycUntil,
        uint16 country,
        IParticipantRegistry.Class class,
        uint40 lockedUntil
    ) internal {
        uint64 participant = registry.walletOf(wallet).participant;
        if (participant == 0) participant = ++_participants;
        vm.prank(registrar);
        registry.register(
            IParticipantRegistry.Registration(wallet, participant, kycUntil, country, class, lockedUntil, 0)
        );
    }

    /// @dev In the registry only; `pushed` tells the series at once, as the registrar should.
    function _freeze(address wallet, bool frozen, bool pushed) internal {
        address[] memory told = new address[](pushed ? 1 : 0);
        if (pushed) told[0] = address(series);
        vm.prank(registrar);
        registry.setFrozen(wallet, frozen, "order", told);
    }
}
