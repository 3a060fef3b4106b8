// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {FundFactory} from "../../src/funds/FundFactory.sol";
import {PoolFund} from "../../src/funds/PoolFund.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title Two streams with a series each, and a fund in the time of China: income is passed on from the 15th of a month,
/// years are calendar years, the floor is 90%.
abstract contract FundKit is RightsKit {
    uint32 internal constant OTHER = 5;
    uint16 internal constant FLOOR = 9000;
    int32 internal constant UTC_8 = 8 hours;

    // Midnights at UTC+8.
    uint40 internal constant FEBRUARY = NOW + 31 days - 8 hours;
    uint40 internal constant MARCH = NOW + 59 days - 8 hours;
    uint40 internal constant JANUARY_2027 = NOW + 365 days - 8 hours;
    uint40 internal constant TO_PASS_DAY = 14 days;

    address internal manager = makeAddr("manager");
    address internal auditorAtLarge = makeAddr("auditorAtLarge");

    OddCurrency internal odd;
    FundFactory internal funds;
    SeriesFactory internal unitFactory;
    ISeries internal vpp;
    ISeries internal parking;
    ISeries internal units;
    PoolFund internal fund;

    function setUp() public virtual override {
        super.setUp();
        funds = new FundFactory(address(authority), address(currency), address(factory));
        address code = _newSeriesCode(address(currency), address(funds));
        unitFactory = new SeriesFactory(address(authority), code);
        _grant();
        vm.prank(admin);
        funds.setUnits(address(unitFactory));
        _admit(adam, type(uint16).max, CHINA, PROFESSIONAL, 0);
        _admit(barb, type(uint16).max, CHINA, PROFESSIONAL, 0);
        _admit(carl, type(uint16).max, CHINA, PROFESSIONAL, 0);
        vpp = _launchStream(STREAM, "VPP");
        parking = _launchStream(OTHER, "PARKING");
        (fund, units) = _openFund(1, "FUND");
    }

    function _grant() private {
        vm.prank(admin);
        authority.grantRole(Roles.FUND_MANAGER, manager, 0);
        allow(address(funds), FundFactory.open.selector, Roles.ISSUER);
        allow(address(unitFactory), SeriesFactory.create.selector, Roles.ISSUER);
        allow(address(unitFactory), IRevenueRight.issue.selector, Roles.ISSUER);
        allow(address(unitFactory), IRevenueRight.seal.selector, Roles.ISSUER);
        allow(address(funds), FundFactory.admit.selector, Roles.FUND_MANAGER);
        allow(address(funds), FundFactory.dismiss.selector, Roles.FUND_MANAGER);
        allow(address(funds), FundFactory.setPayout.selector, Roles.FUND_MANAGER);
        allow(address(funds), FundFactory.release.selector, Roles.FUND_MANAGER);
        allow(address(funds), FundFactory.spend.selector, Roles.FUND_MANAGER);
    }

    function _newCurrency() internal override returns (Currency) {
        odd = new OddCurrency();
        return odd;
    }

    /* WORLD */

    /// @dev A sealed series of a stream: 10 000 units, all Adam's.
    function _launchStream(uint32 stream, bytes32 symbol) internal returns (ISeries right) {
        IRevenueRight.Terms memory terms = _terms();
        (terms.stream, terms.symbol, terms.minTicket) = (stream, symbol, 0);
        right = _create(terms);
        series = right;
        _issue(adam, 10_000);
        vm.prank(issuer);
        right.seal();
    }

    function _fundTerms(address units_, uint8 level) internal pure returns (IPoolFund.FundTerms memory) {
        return
            IPoolFund.FundTerms({
                units: units_, level: level, floorBp: FLOOR, yearStart: 1, passDay: 15, utcOffset: UTC_8
            });
    }

    function _createUnits(bytes32 symbol) internal returns (ISeries) {
        IRevenueRight.Terms memory terms = _terms();
        (terms.symbol, terms.minTicket, terms.stream) = (symbol, 0, type(uint32).max);
        vm.prank(issuer);
        return ISeries(unitFactory.create(terms, "salt"));
    }

    /// @dev A fund whose 1 000 units are Barb's (600) and Carl's (400), admitted as a wallet.
    function _openFund(uint8 level, bytes32 symbol) internal returns (PoolFund opened, ISeries own) {
        own = _createUnits(symbol);
        vm.prank(issuer);
        opened = PoolFund(funds.open(_fundTerms(address(own), level)));
        series = own;
        _issue(barb, 600);
        _issue(carl, 400);
        vm.prank(issuer);
        own.seal();
        _admit(address(opened), type(uint16).max, CHINA, PROFESSIONAL, 0);
    }

    function _admitTo(PoolFund to, ISeries right) internal {
        vm.prank(manager);
        funds.admit(address(to), address(right));
    }

    /// @dev The fund holds half of the first series and a quarter of the second.
    function _contribute() internal {
        _admitTo(fund, vpp);
        _admitTo(fund, parking);
        vm.startPrank(adam);
        vpp.transfer(address(fund), 5000);
        parking.transfer(address(fund), 2500);
        vm.stopPrank();
    }

    /// @dev A period's money for a series of a stream.
    function _earn(ISeries right, uint64 amount) internal {
        uint32 period = right.state().lastPeriod + 1;
        currency.mint(address(right), amount);
        vm.prank(right.distributor());
        right.distribute(period, amount);
    }

    function _books() internal view returns (IPoolFund.Books memory) {
        return fund.books();
    }
}
