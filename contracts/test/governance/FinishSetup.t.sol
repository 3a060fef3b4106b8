// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {SeparatedDuties} from "../../src/governance/SeparatedDuties.sol";
import {UsufructAccessManager} from "../../src/governance/UsufructAccessManager.sol";
import {IStreamRegistry} from "../../src/interfaces/IStreamRegistry.sol";
import {IUsufructAccessManager} from "../../src/interfaces/IUsufructAccessManager.sol";
import {GovernanceKit} from "./GovernanceKit.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract FinishSetupTest is GovernanceKit {
    bytes4 private constant SET_TARIFF = IStreamRegistry.setTariff.selector;

    function test_BeforeItNothingWaits() public {
        assertTrue(manager.settingUp(), "setting up");
        assertEq(manager.adminDelay(), ADMIN_DELAY, "admin delay");
        assertEq(manager.getTargetAdminDelay(address(target)), 0, "not in force");
        _open(Roles.POLICY);
        grant(Roles.POLICY, adam);
        (bool immediate,) = manager.canCall(adam, address(target), SET_TARIFF);
        assertTrue(immediate, "immediate");
    }

    function test_IsReportedAndHappensOnce() public {
        vm.expectEmit(address(manager));
        emit IUsufructAccessManager.SetupFinished(admin);
        finish();
        assertFalse(manager.settingUp(), "setting up");
        vm.expectRevert(IUsufructAccessManager.SetupIsFinished.selector);
        finish();
    }

    function test_OpeningAFunctionThenWaits() public {
        finish();
        bytes memory call =
            abi.encodeCall(manager.setTargetFunctionRole, (address(target), one(SET_TARIFF), Roles.ISSUER));
        bytes32 id = manager.hashOperation(admin, address(manager), call);
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        manager.setTargetFunctionRole(address(target), one(SET_TARIFF), Roles.ISSUER);
        manager.schedule(address(manager), call, 0);
        vm.warp(NOW + ADMIN_DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id));
        manager.setTargetFunctionRole(address(target), one(SET_TARIFF), Roles.ISSUER);
        vm.warp(NOW + ADMIN_DELAY);
        manager.setTargetFunctionRole(address(target), one(SET_TARIFF), Roles.ISSUER);
        vm.stopPrank();
        assertEq(manager.getTargetFunctionRole(address(target), SET_TARIFF), Roles.ISSUER, "role");
    }

    function test_ClosingATargetThenWaits() public {
        finish();
        vm.startPrank(admin);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotScheduled.selector);
        manager.setTargetClosed(address(target), true);
        vm.stopPrank();
    }

    function test_RevertWhen_ATargetIsGivenAnotherAuthority() public {
        bytes memory refusal = abi.encodeWithSelector(IUsufructAccessManager.AuthorityIsFixed.selector, address(target));
        vm.startPrank(admin);
        vm.expectRevert(refusal);
        manager.updateAuthority(address(target), address(manager));
        vm.stopPrank();
        finish();
        vm.startPrank(admin);
        manager.schedule(
            address(manager), abi.encodeCall(manager.updateAuthority, (address(target), address(manager))), 0
        );
        vm.warp(NOW + ADMIN_DELAY);
        vm.expectRevert(refusal);
        manager.updateAuthority(address(target), address(manager));
        vm.stopPrank();
        assertEq(target.authority(), address(manager), "authority");
    }

    function test_CallsOfADelayedRoleThenWait() public {
        _open(Roles.POLICY);
        grant(Roles.POLICY, adam);
        finish();
        (bool immediate, uint32 delay) = manager.canCall(adam, address(target), SET_TARIFF);
        assertFalse(immediate, "immediate");
        assertEq(delay, EXECUTION_DELAY, "delay");
    }

    function test_AGuardianMayCancelWhatADelayedRoleAnnounced() public {
        _open(Roles.POLICY);
        grant(Roles.POLICY, adam);
        grant(Roles.GUARDIAN, guardian);
        finish();
        bytes memory call = abi.encodeCall(IStreamRegistry.setTariff, (1, NOW, bytes32(uint256(1))));
        vm.prank(adam);
        (bytes32 id,) = manager.schedule(address(target), call, 0);
        vm.prank(guardian);
        manager.cancel(adam, address(target), call);
        assertEq(manager.getSchedule(id), 0, "cancelled");
    }

    function test_RevokingDoesNotWait() public {
        grant(Roles.ISSUER, adam);
        finish();
        vm.prank(admin);
        manager.revokeRole(Roles.ISSUER, adam);
        assertFalse(isMember(Roles.ISSUER, adam), "member");
    }

    function test_OwnDelaysMayBeLongerNeverShorter() public {
        vm.startPrank(admin);
        manager.grantRole(Roles.POLICY, adam, EXECUTION_DELAY + 1);
        manager.grantRole(Roles.POLICY, barb, 1);
        vm.stopPrank();
        finish();
        (, uint32 longer) = manager.hasRole(Roles.POLICY, adam);
        (, uint32 shorter) = manager.hasRole(Roles.POLICY, barb);
        assertEq(longer, EXECUTION_DELAY + 1, "longer");
        assertEq(shorter, EXECUTION_DELAY, "shorter");
    }

    function test_DelaysAreReadable() public view {
        IUsufructAccessManager.RoleDelay memory delay = manager.roleDelay(Roles.ISSUER);
        assertEq(delay.role, Roles.ISSUER, "role");
        assertEq(delay.grant, GRANT_DELAY, "grant");
        assertEq(delay.execution, 0, "execution");
        assertEq(manager.roleDelay(Roles.AUDITOR).role, Roles.AUDITOR, "role without delays");
    }

    /* FIXED AT DEPLOYMENT */

    function test_RevertWhen_ADelayIsNotAllowed() public {
        for (uint64 role; role < SeparatedDuties.COUNT; ++role) {
            bool allowed = SeparatedDuties.DELAYABLE >> role & 1 == 1;
            if (!allowed) vm.expectRevert(_notAllowed(role, 1));
            _deploy(role, 0, 1);
        }
        vm.expectRevert(_notAllowed(Roles.POLICY, MAX_DELAY + 1));
        _deploy(Roles.POLICY, 0, MAX_DELAY + 1);
        vm.expectRevert(_notAllowed(Roles.ISSUER, MAX_DELAY + 1));
        _deploy(Roles.ISSUER, MAX_DELAY + 1, 0);
        vm.expectRevert(_notAllowed(0, 1));
        _deploy(0, 1, 0);
        vm.expectRevert(_notAllowed(0, MAX_DELAY + 1));
        new UsufructAccessManager(admin, MAX_DELAY + 1, new IUsufructAccessManager.RoleDelay[](0));
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, SeparatedDuties.COUNT));
        _deploy(SeparatedDuties.COUNT, 0, 0);
    }

    /* FIXED PARTS */

    function test_RevertWhen_TheManagerItselfIsChanged() public {
        bytes memory locked = abi.encodeWithSelector(IUsufructAccessManager.ManagerLocked.selector, address(manager));
        vm.startPrank(admin);
        vm.expectRevert(locked);
        manager.setTargetFunctionRole(address(manager), one(manager.offerAdmin.selector), Roles.ISSUER);
        vm.expectRevert(locked);
        manager.setTargetClosed(address(manager), true);
        vm.expectRevert(locked);
        manager.setRoleAdmin(Roles.ISSUER, Roles.ISSUER);
        vm.stopPrank();
    }

    function test_RevertWhen_AFunctionIsOpenedToEveryoneOrToAnUnknownRole() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, type(uint64).max));
        _open(type(uint64).max);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, SeparatedDuties.COUNT));
        _open(SeparatedDuties.COUNT);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, SeparatedDuties.COUNT));
        vm.prank(admin);
        manager.setRoleGuardian(Roles.POLICY, SeparatedDuties.COUNT);
    }

    /* HELPERS */

    function _open(uint64 role) private {
        vm.prank(admin);
        manager.setTargetFunctionRole(address(target), one(SET_TARIFF), role);
    }

    function _deploy(uint64 role, uint32 grantDelay, uint32 executionDelay) private {
        IUsufructAccessManager.RoleDelay[] memory delays = new IUsufructAccessManager.RoleDelay[](1);
        delays[0] = IUsufructAccessManager.RoleDelay(role, grantDelay, executionDelay);
        new UsufructAccessManager(admin, 0, delays);
    }

    function _notAllowed(uint64 role, uint32 delay) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IUsufructAccessManager.DelayNotAllowed.selector, role, delay);
    }
}
