// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {RightsKit} from "./RightsKit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract IssueTest is RightsKit {
    function setUp() public override {
        super.setUp();
        series = _create(_terms());
    }

    function test_GivesUnitsAndCachesTheHolder() public {
        vm.expectEmit(address(series));
        emit IRevenueRight.Synced(adam, NEXT_YEAR, CHINA, uint8(PROFESSIONAL), false);
        vm.expectEmit(address(series));
        emit IERC20.Transfer(address(0), adam, 5000);
        _issue(adam, 5000);
        assertEq(series.balanceOf(adam), 5000, "balance");
        assertEq(series.totalSupply(), 5000, "supply");
        IRevenueRight.Account memory account = series.accountOf(adam);
        assertEq(account.kycUntil, NEXT_YEAR, "kycUntil");
        assertEq(account.country, CHINA, "country");
        assertEq(account.debt, 0, "debt");
    }

    function test_AddsUp() public {
        (address[] memory holders, uint64[] memory units) = (new address[](3), new uint64[](3));
        (holders[0], holders[1], holders[2]) = (adam, barb, adam);
        (units[0], units[1], units[2]) = (100, 200, 300);
        vm.prank(issuer);
        series.issue(holders, units);
        assertEq(series.balanceOf(adam), 400, "adam");
        assertEq(series.totalSupply(), 600, "supply");
    }

    function test_Seals() public {
        _issue(adam, 5000);
        vm.expectEmit(address(series));
        emit IRevenueRight.Sealed(5000);
        vm.prank(issuer);
        series.seal();
        assertTrue(series.state().sealed_, "sealed");
    }

    function test_RevertWhen_Sealed() public {
        vm.startPrank(issuer);
        series.seal();
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        series.issue(new address[](0), new uint64[](0));
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        series.seal();
        vm.stopPrank();
    }

    function test_PlacesUnitsWithOneWallet() public {
        vm.prank(admin);
        authority.grantRole(8, eric, 0);
        assertEq(uint256(series.checkPlacement(adam, 5000)), uint256(IRevenueRight.Refusal.None), "would be");
        vm.prank(eric);
        series.place(adam, 5000);
        assertEq(series.balanceOf(adam), 5000, "units");
        assertEq(series.totalSupply(), 5000, "supply");
        vm.expectRevert(_notAuthorized(IRevenueRight.place.selector));
        vm.prank(mallory);
        series.place(adam, 1);
        vm.prank(issuer);
        series.seal();
        vm.expectRevert(IRevenueRight.AlreadySealed.selector);
        vm.prank(eric);
        series.place(adam, 1);
    }

    function test_RevertWhen_PlacementIsNotAllowed() public {
        vm.prank(admin);
        authority.grantRole(8, eric, 0);
        assertEq(uint256(series.checkPlacement(mallory, 5000)), uint256(IRevenueRight.Refusal.RecipientUnknown), "who");
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueRight.TransferRefused.selector, address(0), adam, 1, IRevenueRight.Refusal.BelowMinimumTicket, 0
            )
        );
        vm.prank(eric);
        series.place(adam, 1);
    }

    function test_RevertWhen_ListsDiffer() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.LengthMismatch.selector, 1, 2));
        vm.prank(issuer);
        series.issue(new address[](1), new uint64[](2));
    }

    function test_RevertWhen_HolderIsNotAdmitted() public {
        _refuses(mallory, 100, IRevenueRight.Refusal.RecipientUnknown);
        _admit(dora, TODAY - 1, CHINA, PROFESSIONAL, 0);
        _refuses(dora, 100, IRevenueRight.Refusal.RecipientExpired);
        _admit(dora, TODAY, 840, PROFESSIONAL, 0);
        _refuses(dora, 100, IRevenueRight.Refusal.CountryNotAllowed);
        _admit(dora, TODAY, CHINA, RETAIL, 0);
        _refuses(dora, 100, IRevenueRight.Refusal.ClassNotAllowed);
        _admit(dora);
        _freeze(dora, true, false);
        _refuses(dora, 100, IRevenueRight.Refusal.RecipientFrozen);
        _refuses(adam, TICKET - 1, IRevenueRight.Refusal.BelowMinimumTicket);
    }

    function test_RevertWhen_SupplyPassesItsLimit() public {
        _issue(adam, type(uint48).max);
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueRight.LimitExceeded.selector, 1 << 48, uint256(type(uint48).max))
        );
        this.issueAs(barb, 1);
    }

    function test_RevertWhen_CallerHasNoRole() public {
        vm.startPrank(mallory);
        vm.expectRevert(_notAuthorized(IRevenueRight.issue.selector));
        series.issue(new address[](0), new uint64[](0));
        vm.expectRevert(_notAuthorized(IRevenueRight.seal.selector));
        series.seal();
        vm.expectRevert(_notAuthorized(IERC3643.pause.selector));
        series.pause();
        vm.stopPrank();
    }

    function test_RevertWhen_RoleHasADelay() public {
        vm.prank(admin);
        authority.grantRole(2, mallory, 1 days);
        vm.expectRevert(_notAuthorized(IRevenueRight.seal.selector));
        vm.prank(mallory);
        series.seal();
    }

    function issueAs(address holder, uint64 units) external {
        _issue(holder, units);
    }

    function _notAuthorized(bytes4 selector) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, mallory, selector);
    }

    function _refuses(address holder, uint64 units, IRevenueRight.Refusal reason) private {
        vm.expectRevert(
            abi.encodeWithSelector(IRevenueRight.TransferRefused.selector, address(0), holder, units, reason, 0)
        );
        this.issueAs(holder, units);
    }
}
