// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ParticipantRegistry} from "../../src/identity/ParticipantRegistry.sol";
import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {SeriesExtension} from "../../src/rights/SeriesExtension.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {SettlementCurrency} from "../../src/settlement/SettlementCurrency.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The cheatcodes halmos answers and these tests need.
interface SymbolicVm {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function warp(uint256 time) external;
}

/// @title A small world of plain addresses, since halmos takes those made from keys for unknowns: one office with every
/// role, one holder, one sealed series.
abstract contract SymbolicKit {
    SymbolicVm internal constant vm = SymbolicVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant NOW = 1_767_225_600;
    address internal constant OFFICE = address(0x1111);
    address internal constant ADAM = address(0x2222);
    address internal constant WATERFALL = address(0x3333);

    AccessManager internal authority;
    ParticipantRegistry internal registry;
    SettlementCurrency internal money;
    SeriesFactory internal factory;
    ISeries internal series;

    function setUp() public {
        vm.warp(NOW);
        authority = new AccessManager(OFFICE);
        registry = new ParticipantRegistry(address(authority));
        money = new SettlementCurrency(address(authority), "Yuan", "CNY");
        address half = address(new SeriesExtension(address(authority), address(registry), address(money), WATERFALL));
        address code = address(new RevenueRight(address(authority), address(registry), address(money), WATERFALL, half));
        factory = new SeriesFactory(address(authority), code);
        _grant();
        _launch();
    }

    function _grant() private {
        bytes4[] memory verbs = new bytes4[](4);
        (verbs[0], verbs[1]) = (SeriesFactory.create.selector, IRevenueRight.issue.selector);
        (verbs[2], verbs[3]) = (IRevenueRight.seal.selector, IERC3643.pause.selector);
        vm.prank(OFFICE);
        authority.grantRole(Roles.ISSUER, OFFICE, 0);
        vm.prank(OFFICE);
        authority.setTargetFunctionRole(address(factory), verbs, Roles.ISSUER);
        vm.prank(OFFICE);
        authority.grantRole(Roles.REGISTRAR, OFFICE, 0);
        vm.prank(OFFICE);
        registry.appointRegistrar(OFFICE, true);
    }

    function _launch() private {
        IRevenueRight.Terms memory terms;
        (terms.name, terms.symbol, terms.stream) = ("Series", "SER", 1);
        (terms.termFrom, terms.termTo, terms.classes) = (1, 12, 1 << 1);
        vm.prank(OFFICE);
        series = ISeries(factory.create(terms, "salt"));
        vm.prank(OFFICE);
        registry.register(IParticipantRegistry.Registration(ADAM, 1, 30_000, 156, IParticipantRegistry.Class(1), 0, 0));
        (address[] memory holders, uint64[] memory units) = (new address[](1), new uint64[](1));
        (holders[0], units[0]) = (ADAM, 1000);
        vm.prank(OFFICE);
        series.issue(holders, units);
        vm.prank(OFFICE);
        series.seal();
    }
}
