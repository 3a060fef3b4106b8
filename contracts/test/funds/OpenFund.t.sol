// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {FundFactory} from "../../src/funds/FundFactory.sol";
import {PoolFund} from "../../src/funds/PoolFund.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IFundFactory} from "../../src/interfaces/IFundFactory.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {SeriesFactory} from "../../src/rights/SeriesFactory.sol";
import {FundKit} from "./FundKit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract OpenFundTest is FundKit {
    IPoolFund.FundTerms internal terms;

    function setUp() public override {
        super.setUp();
        terms = _fundTerms(address(_createUnits("SECOND")), 2);
    }

    function _refused(bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IFundFactory.InvalidFund.selector, field, value));
        vm.prank(issuer);
        funds.open(terms);
    }

    function test_RevertWhen_CallerIsNotTheIssuer() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, manager));
        vm.prank(manager);
        funds.open(terms);
    }

    function test_RevertWhen_UnitsAreOfAStream() public {
        terms.units = address(vpp);
        _refused("units", uint160(address(vpp)));
    }

    function test_RevertWhen_UnitsAreTaken() public {
        vm.prank(issuer);
        funds.open(terms);
        _refused("units", uint160(terms.units));
    }

    function test_RevertWhen_UnitsAreSealed() public {
        vm.prank(issuer);
        ISeries(terms.units).seal();
        _refused("units", uint160(terms.units));
    }

    function test_RevertWhen_UnitsHaveAnotherDistributor() public {
        FundFactory others = new FundFactory(address(authority), address(currency), address(factory));
        allow(address(others), FundFactory.open.selector, Roles.ISSUER);
        vm.prank(admin);
        others.setUnits(address(unitFactory));
        vm.expectRevert(
            abi.encodeWithSelector(IFundFactory.InvalidFund.selector, bytes32("distributor"), uint160(terms.units))
        );
        vm.prank(issuer);
        others.open(terms);
    }

    function test_RevertWhen_LevelIsOutOfBounds() public {
        terms.level = 0;
        _refused("level", 0);
        terms.level = 4;
        _refused("level", 4);
    }

    function test_RevertWhen_FloorIsAboveEverything() public {
        terms.floorBp = 10_001;
        _refused("floorBp", 10_001);
    }

    function test_RevertWhen_DatesDoNotExist() public {
        terms.yearStart = 0;
        _refused("yearStart", 0);
        terms.yearStart = 13;
        _refused("yearStart", 13);
        (terms.yearStart, terms.passDay) = (12, 0);
        _refused("passDay", 0);
        terms.passDay = 29;
        _refused("passDay", 29);
        (terms.passDay, terms.utcOffset) = (28, 14 hours + 1);
        _refused("utcOffset", 14 hours + 1);
        terms.utcOffset = -14 hours - 1;
        _refused("utcOffset", 14 hours + 1);
        terms.utcOffset = -14 hours;
        vm.prank(issuer);
        funds.open(terms);
    }

    function test_OpensAFundWithItsTerms() public {
        vm.expectEmit(false, true, false, true);
        emit IFundFactory.FundOpened(address(0), terms.units, 2, terms);
        vm.prank(issuer);
        PoolFund opened = PoolFund(funds.open(terms));
        assertEq(keccak256(abi.encode(opened.terms())), keccak256(abi.encode(terms)), "terms");
        assertEq(funds.unitsOf(address(opened)), terms.units, "units");
        assertEq(funds.fundOf(terms.units), address(opened), "fund");
        assertEq(opened.books().payoutBp, 10_000, "pays everything at first");
        (bool known, uint8 level) = funds.levelOf(terms.units);
        assertTrue(known && level == 2, "level");
    }

    function test_BeginsTheFiscalYear() public {
        assertEq(_books().year, 2026, "calendar year");
        // Still the last of December at UTC.
        vm.warp(JANUARY_2027);
        vm.prank(issuer);
        assertEq(PoolFund(funds.open(terms)).books().year, 2027, "the fund's time");
        terms.units = address(_createUnits("THIRD"));
        terms.yearStart = 4;
        vm.prank(issuer);
        PoolFund opened = PoolFund(funds.open(terms));
        assertEq(opened.books().year, 2026, "from April on");
    }

    function test_NamesTheFactoryOfUnitsOnce() public {
        vm.expectRevert(abi.encodeWithSelector(IFundFactory.UnitsAlreadySet.selector, address(unitFactory)));
        vm.prank(admin);
        funds.setUnits(address(unitFactory));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        funds.setUnits(address(unitFactory));
    }

    function test_RevertWhen_UnitsComeFromTheFactoryOfStreams() public {
        FundFactory others = new FundFactory(address(authority), address(currency), address(factory));
        vm.startPrank(admin);
        address[2] memory bad = [address(factory), address(0)];
        for (uint256 i = 0; i < 2; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IFundFactory.InvalidFund.selector, bytes32("unitFactory"), uint160(bad[i]))
            );
            others.setUnits(bad[i]);
        }
    }

    function test_RevertWhen_AFundIsCommandedByAnother() public {
        bytes[6] memory calls = [
            abi.encodeCall(IPoolFund.start, ()),
            abi.encodeCall(IPoolFund.admit, (address(vpp))),
            abi.encodeCall(IPoolFund.dismiss, (address(vpp))),
            abi.encodeCall(IPoolFund.setPayout, (10_000)),
            abi.encodeCall(IPoolFund.release, (0)),
            abi.encodeCall(IPoolFund.spend, (mallory, 0, "voucher"))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(manager);
            (bool done, bytes memory answer) = address(fund).call(calls[i]);
            assertFalse(done, "done");
            assertEq(answer, abi.encodeWithSelector(IPoolFund.NotFactory.selector, manager), "reason");
        }
    }

    function test_RevertWhen_CommandingWhatIsNoFund() public {
        vm.expectRevert(abi.encodeWithSelector(IFundFactory.NotFund.selector, address(vpp)));
        vm.prank(manager);
        funds.admit(address(vpp), address(parking));
    }

    function test_RevertWhen_CallerIsNoFund() public {
        vm.expectRevert(abi.encodeWithSelector(IFundFactory.NotFund.selector, manager));
        vm.prank(manager);
        funds.distribute(1, 1);
    }
}
