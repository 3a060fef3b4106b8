// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TaxSharing} from "../../src/distribution/TaxSharing.sol";
import {ITaxSharing} from "../../src/interfaces/ITaxSharing.sol";
import {TaxSharingMath} from "../../src/libraries/TaxSharingMath.sol";
import {Kit} from "../Kit.sol";
import {Currency} from "../rights/Currency.sol";

contract TaxSharingTest is Kit {
    uint64 private constant UNIT = 1_000_000;

    Currency private currency = new Currency();
    ITaxSharing.Payees private payees = ITaxSharing.Payees(makeAddr("project"), makeAddr("town"), makeAddr("treasury"));

    function _plan(bool vintage) private pure returns (ITaxSharing.Plan memory plan) {
        plan = ITaxSharing.Plan(100 * UNIT, 5000, vintage, 2026, 1, 8 hours, new uint16[](2));
        (plan.rebatesBp[0], plan.rebatesBp[1]) = (10_000, 5000);
    }

    /// @dev Brings the tax in, waits for the end of the open year and closes it.
    function _year(TaxSharing sharing, uint64 tax) private {
        currency.mint(address(sharing), tax);
        (, uint40 end) = sharing.openYear();
        vm.warp(end);
        sharing.closeYear();
    }

    /* FIGURES */

    function test_FixedBaseFigures() public {
        uint64[4] memory rebates = [uint64(50), 40, 0, 0];
        uint64[4] memory towns = [uint64(0), 200, 500, 600];
        _assertFigures(_plan(false), rebates, towns);
    }

    function test_VintageFigures() public {
        uint64[4] memory rebates = [uint64(50), 55, 35, 30];
        uint64[4] memory towns = [uint64(0), 125, 325, 450];
        _assertFigures(_plan(true), rebates, towns);
    }

    /// @dev Towns' shares in tenths.
    function _assertFigures(ITaxSharing.Plan memory plan, uint64[4] memory rebates, uint64[4] memory towns) private {
        TaxSharing sharing = new TaxSharing(address(currency), plan, payees);
        uint64[4] memory taxes = [150 * UNIT, 180 * UNIT, 200 * UNIT, 220 * UNIT];
        for (uint256 i = 0; i < 4; ++i) {
            currency.mint(address(sharing), taxes[i]);
            (uint16 year, uint40 end) = sharing.openYear();
            (uint64 rebate, uint64 town, uint64 treasury) = sharing.preview(taxes[i]);
            assertEq(rebate, rebates[i] * UNIT, "rebate");
            assertEq(town, towns[i] * UNIT / 10, "town");
            assertEq(uint256(rebate) + town + treasury, taxes[i], "conserved");
            vm.warp(end);
            vm.expectEmit(address(sharing));
            emit ITaxSharing.YearClosed(year, taxes[i], rebate, town, treasury);
            sharing.closeYear();
        }
        uint64[] memory vintages = sharing.vintages();
        assertEq(vintages.length, 4, "years");
        assertEq(vintages[0] + vintages[1] + vintages[2] + vintages[3], 120 * UNIT, "growth");
    }

    /* YEARS */

    function test_RevertWhen_TheYearIsNotOver() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(true), payees);
        (uint16 year, uint40 end) = sharing.openYear();
        assertEq(year, 2026, "year");
        assertEq(end, 1_798_732_800, "2027-01-01 in Shanghai");
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(ITaxSharing.YearNotOver.selector, 2026, end));
        sharing.closeYear();
    }

    function test_YearsFollowTheCalendar() public pure {
        assertEq(TaxSharingMath.yearEnd(2027, 3, 0), 1_835_481_600, "2028-03-01, after a leap day");
        assertEq(TaxSharingMath.yearEnd(2027, 1, 0), 1_830_297_600, "2028-01-01");
        assertEq(TaxSharingMath.yearEnd(2099, 4, 0), 4_110_220_800, "2100-04-01, no leap year");
        assertEq(TaxSharingMath.yearEnd(2026, 1, -1 hours), 1_798_765_200, "west of Greenwich");
    }

    function test_AYearWithoutTaxIsClosedToo() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(true), payees);
        _year(sharing, 0);
        _year(sharing, 150 * UNIT);
        assertEq(sharing.owedTo(payees.project), 50 * UNIT, "the growth of the second year is new");
    }

    /// @dev What comes back after a fall has the age of its part: an up and down renews no rebate.
    function test_AFallRenewsNoRebate() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(true), payees);
        _year(sharing, 150 * UNIT);
        _year(sharing, 90 * UNIT);
        uint64 before = sharing.owedTo(payees.project);
        _year(sharing, 150 * UNIT);
        assertEq(sharing.owedTo(payees.project), before, "third year of the part: no rebate");
    }

    function test_ALateCloseDoesNotShareTheBase() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(false), payees);
        (, uint40 end) = sharing.openYear();
        currency.mint(address(sharing), 100 * UNIT);
        vm.warp(end + 135 days);
        currency.mint(address(sharing), 100 * UNIT);
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.project), 0, "no rebate on growth that never was");
        assertEq(sharing.received(), 100 * UNIT, "the second year keeps its base");
        (, end) = sharing.openYear();
        vm.warp(end);
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.treasury), 200 * UNIT, "both bases");
    }

    function test_ALateCloseSharesGrowthOnce() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(false), payees);
        (, uint40 end) = sharing.openYear();
        currency.mint(address(sharing), 330 * UNIT);
        vm.warp(end + 2 * 366 days);
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.project), 30 * UNIT, "the growth of the three");
        sharing.closeYear();
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.project), 30 * UNIT, "once");
        assertEq(sharing.owedTo(payees.treasury), 300 * UNIT, "three bases");
    }

    function test_ACloseInTimeCountsAllThatCame() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(false), payees);
        (, uint40 end) = sharing.openYear();
        currency.mint(address(sharing), 150 * UNIT);
        vm.warp(end + 31 days - 1);
        uint256 before = vm.snapshotState();
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.project), 50 * UNIT, "within the time to close");
        vm.revertToState(before);
        vm.warp(end + 31 days);
        sharing.closeYear();
        assertEq(sharing.owedTo(payees.project), 0, "then the next year keeps its base");
        assertEq(sharing.received(), 50 * UNIT, "as far as there is one");
    }

    /* PAYMENTS */

    function test_PaysEachPayeeApart() public {
        TaxSharing sharing = new TaxSharing(address(currency), _plan(false), payees);
        _year(sharing, 150 * UNIT);
        vm.expectRevert(abi.encodeWithSelector(ITaxSharing.NothingOwed.selector, payees.town));
        sharing.pay(payees.town);
        vm.expectEmit(address(sharing));
        emit ITaxSharing.Paid(payees.project, 50 * UNIT);
        vm.prank(mallory);
        sharing.pay(payees.project);
        assertEq(currency.balanceOf(payees.project), 50 * UNIT, "project");
        vm.expectRevert(abi.encodeWithSelector(ITaxSharing.NothingOwed.selector, payees.project));
        sharing.pay(payees.project);
        assertEq(sharing.received(), 0, "the treasury's part is not shared again");
        sharing.pay(payees.treasury);
        assertEq(currency.balanceOf(address(sharing)), 0, "nothing is left");
    }

    /* PLANS */

    function test_RevertWhen_ThePlanIsWrong() public {
        ITaxSharing.Plan memory plan = _plan(true);
        plan.townBp = 10_001;
        _refuses(plan, "townBp", 10_001);
        plan = _plan(true);
        plan.firstYear = 1969;
        _refuses(plan, "firstYear", 1969);
        plan = _plan(true);
        plan.firstMonth = 13;
        _refuses(plan, "firstMonth", 13);
        plan.firstMonth = 0;
        _refuses(plan, "firstMonth", 0);
        plan = _plan(true);
        plan.utcOffset = 14 hours + 1;
        _refuses(plan, "utcOffset", 14 hours + 1);
        plan = _plan(true);
        plan.rebatesBp[1] = 10_001;
        _refuses(plan, "rebatesBp", 10_001);
        plan.rebatesBp = new uint16[](121);
        _refuses(plan, "rebatesBp", 121);
        payees.town = address(0);
        _refuses(_plan(true), "town", 0);
    }

    function _refuses(ITaxSharing.Plan memory plan, bytes32 field, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(ITaxSharing.InvalidPlan.selector, field, value));
        new TaxSharing(address(currency), plan, payees);
    }

    /* PROPERTIES */

    /// @dev All that came in is paid out, to the unit, and never more rebate and town's share than growth.
    function testFuzz_EveryUnitIsShared(uint256 seed, bool vintage) public {
        ITaxSharing.Plan memory plan = _plan(vintage);
        (plan.base, plan.townBp) = (uint64(seed % (1 << 40)), uint16((seed >> 40) % 10_001));
        (plan.rebatesBp[0], plan.rebatesBp[1]) = (uint16((seed >> 56) % 10_001), uint16((seed >> 72) % 10_001));
        TaxSharing sharing = new TaxSharing(address(currency), plan, payees);
        (uint256 sum, uint256 growth) = (0, 0);
        for (uint256 i = 0; i < 5; ++i) {
            uint64 tax = uint64(uint256(keccak256(abi.encode(seed, i))) % (1 << 41));
            (sum, growth) = (sum + tax, growth + (tax > plan.base ? tax - plan.base : 0));
            _year(sharing, tax);
        }
        uint256 shared = uint256(sharing.owedTo(payees.project)) + sharing.owedTo(payees.town);
        assertLe(shared, growth, "from growth alone");
        assertEq(shared + sharing.owedTo(payees.treasury), sum, "conserved");
        assertEq(currency.balanceOf(address(sharing)), sum, "held");
        assertEq(sharing.received(), 0, "nothing waits");
    }
}
