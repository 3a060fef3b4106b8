// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {SeparatedDuties} from "../../src/governance/SeparatedDuties.sol";
import {IUsufructAccessManager} from "../../src/interfaces/IUsufructAccessManager.sol";
import {GovernanceKit} from "./GovernanceKit.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract GrantRoleTest is GovernanceKit {
    /* SEPARATED DUTIES */

    function test_TheTableIsSymmetric() public view {
        for (uint64 a; a < SeparatedDuties.COUNT; ++a) {
            assertEq(manager.excludedBy(a) & 1 << a, 0, "a role excludes itself");
            for (uint64 b; b < SeparatedDuties.COUNT; ++b) {
                assertEq(manager.excludedBy(a) >> b & 1, manager.excludedBy(b) >> a & 1, "one-sided");
            }
        }
    }

    function test_TheLinesAreDrawn() public view {
        _excluded(Roles.ORACLE_ADMIN, Roles.TREASURER);
        _excluded(Roles.ORACLE_ADMIN, Roles.ISSUER);
        _excluded(Roles.ORACLE_ADMIN, Roles.GUARDIAN);
        _excluded(Roles.ISSUER, Roles.AUDITOR);
        _excluded(Roles.ISSUER, Roles.POLICY);
        _excluded(Roles.REGISTRAR, Roles.TREASURER);
        _excluded(Roles.AUDITOR, Roles.GUARDIAN);
        _excluded(Roles.FUND_MANAGER, Roles.ISSUER);
        for (uint64 role; role < SeparatedDuties.COUNT; ++role) {
            if (role != Roles.PLACEMENT) _excluded(role, Roles.PLACEMENT);
            if (role != Roles.VOTING) _excluded(role, Roles.VOTING);
            if (role != Roles.CHAMBER) _excluded(role, Roles.CHAMBER);
        }
    }

    /// @dev Two roles are granted one after the other exactly if the table allows the pair.
    function testFuzz_GrantsExactlyTheCompatiblePairs(uint64 first, uint64 second) public {
        first = uint64(bound(first, 1, SeparatedDuties.COUNT - 1));
        second = uint64(bound(second, 1, SeparatedDuties.COUNT - 1));
        address account = address(target); // has code, so that roles of contracts are covered
        grant(first, account);
        bool excluded = manager.excludedBy(first) >> second & 1 == 1;
        if (excluded) {
            vm.expectRevert(
                abi.encodeWithSelector(IUsufructAccessManager.DutiesConflict.selector, account, second, first)
            );
        }
        grant(second, account);
        assertEq(isMember(second, account), !excluded, "member");
        assertEq(manager.rolesOf(account), excluded ? 1 << first : 1 << first | 1 << second, "roles");
    }

    function test_RevertWhen_AdminGivesItselfAControllingOffice() public {
        vm.expectRevert(
            abi.encodeWithSelector(IUsufructAccessManager.DutiesConflict.selector, admin, Roles.AUDITOR, uint64(0))
        );
        grant(Roles.AUDITOR, admin);
    }

    function test_RevertWhen_TheExcludingGrantStillWaits() public {
        finish();
        grant(Roles.ISSUER, adam);
        assertFalse(isMember(Roles.ISSUER, adam), "waits");
        vm.expectRevert(
            abi.encodeWithSelector(
                IUsufructAccessManager.DutiesConflict.selector, adam, Roles.ORACLE_ADMIN, Roles.ISSUER
            )
        );
        grant(Roles.ORACLE_ADMIN, adam);
    }

    function test_AllowsAnotherRoleOnceTheExcludingOneIsRevoked() public {
        grant(Roles.ISSUER, adam);
        vm.prank(admin);
        manager.revokeRole(Roles.ISSUER, adam);
        grant(Roles.ORACLE_ADMIN, adam);
        assertTrue(isMember(Roles.ORACLE_ADMIN, adam), "member");
        assertEq(manager.rolesOf(adam), 1 << Roles.ORACLE_ADMIN, "roles");
    }

    function test_AllowsAnotherRoleOnceTheExcludingOneIsRenounced() public {
        grant(Roles.ISSUER, adam);
        vm.prank(adam);
        manager.renounceRole(Roles.ISSUER, adam);
        grant(Roles.AUDITOR, adam);
        assertEq(manager.rolesOf(adam), 1 << Roles.AUDITOR, "roles");
    }

    function test_GrantingTwiceChangesNothing() public {
        grant(Roles.ISSUER, adam);
        grant(Roles.ISSUER, adam);
        assertEq(manager.rolesOf(adam), 1 << Roles.ISSUER, "roles");
    }

    /* WHO AND WHAT */

    function test_RevertWhen_TheRoleIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, SeparatedDuties.COUNT));
        grant(SeparatedDuties.COUNT, adam);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.UnknownRole.selector, type(uint64).max));
        grant(type(uint64).max, adam);
        assertEq(manager.excludedBy(SeparatedDuties.COUNT), (1 << SeparatedDuties.COUNT) - 1, "goes with none");
    }

    function test_RevertWhen_ARoleOfContractsGoesToAPerson() public {
        uint64[3] memory roles = [Roles.PLACEMENT, Roles.VOTING, Roles.CHAMBER];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.RoleNeedsContract.selector, roles[i], adam));
            grant(roles[i], adam);
        }
    }

    function test_RevertWhen_CallerIsNotAdmin() public {
        grant(Roles.ISSUER, issuer);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, issuer, uint64(0))
        );
        vm.prank(issuer);
        manager.grantRole(Roles.REGISTRAR, issuer, 0);
    }

    function test_RevertWhen_TheRoleIsTheAdministrators() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.AdminMustAccept.selector, adam));
        grant(0, adam);
    }

    /* DELAYS */

    function test_TakesEffectAtOnceDuringSetUp() public {
        grant(Roles.ISSUER, adam);
        assertTrue(isMember(Roles.ISSUER, adam), "member");
    }

    function test_TakesEffectAfterTheRolesDelay() public {
        finish();
        grant(Roles.ISSUER, adam);
        vm.warp(NOW + GRANT_DELAY - 1);
        assertFalse(isMember(Roles.ISSUER, adam), "before");
        vm.warp(NOW + GRANT_DELAY);
        assertTrue(isMember(Roles.ISSUER, adam), "at");
    }

    function test_RevertWhen_AnExecutionDelayIsGivenToARoleThatMustNotWait() public {
        vm.expectRevert(
            abi.encodeWithSelector(IUsufructAccessManager.DelayNotAllowed.selector, Roles.GUARDIAN, uint32(1))
        );
        vm.prank(admin);
        manager.grantRole(Roles.GUARDIAN, adam, 1);
    }

    function _excluded(uint64 left, uint64 right) private view {
        assertTrue(manager.excludedBy(left) >> right & 1 == 1, "not excluded");
    }
}
