// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IUsufructAccessManager} from "../../src/interfaces/IUsufructAccessManager.sol";
import {GovernanceKit} from "./GovernanceKit.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

contract OfferAdminTest is GovernanceKit {
    /* OFFER AND ACCEPTANCE */

    function test_AnOfferIsNoRole() public {
        offer(adam);
        assertFalse(isMember(0, adam), "member");
        assertEq(manager.adminCount(), 1, "count");
    }

    function test_AcceptingMakesAnAdministrator() public {
        offer(adam);
        vm.expectEmit(address(manager));
        emit IUsufructAccessManager.AdminAccepted(adam, admin);
        accept(adam);
        assertTrue(isMember(0, adam), "member");
        assertEq(manager.adminCount(), 2, "count");
        assertEq(manager.adminOffer(adam).acceptFrom, 0, "offer is used up");
    }

    function test_TheOfferIsReported() public {
        finish();
        uint40 from = NOW + ADMIN_DELAY;
        vm.expectEmit(address(manager));
        emit IUsufructAccessManager.AdminOffered(adam, admin, 0, from, from + 30 days);
        offer(adam);
    }

    function test_AcceptanceWaitsForTheDelay() public {
        finish();
        offer(adam);
        uint40 from = NOW + ADMIN_DELAY;
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.AdminOfferWaits.selector, adam, from));
        accept(adam);
        vm.warp(from);
        accept(adam);
        assertTrue(isMember(0, adam), "member");
    }

    function test_RevertWhen_TheOfferHasLapsed() public {
        finish();
        offer(adam);
        uint40 expires = NOW + ADMIN_DELAY + 30 days;
        vm.warp(expires);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.AdminOfferLapsed.selector, adam, expires));
        accept(adam);
        vm.warp(expires - 1);
        accept(adam);
    }

    function test_RevertWhen_NothingIsOffered() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.NoAdminOffer.selector, mallory));
        accept(mallory);
    }

    function test_RevertWhen_TheOfferIsUsedTwice() public {
        offer(adam);
        accept(adam);
        vm.prank(adam);
        manager.renounceRole(0, adam);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.NoAdminOffer.selector, adam));
        accept(adam);
    }

    function test_RevertWhen_WhoOfferedIsNoAdministratorAnyMore() public {
        offer(adam);
        accept(adam);
        vm.prank(adam);
        manager.offerAdmin(mallory, 0);
        vm.prank(admin);
        manager.revokeRole(0, adam);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.AdminOfferVoid.selector, mallory, adam));
        accept(mallory);
    }

    function test_RevertWhen_WithdrawnBefore() public {
        offer(adam);
        vm.expectEmit(address(manager));
        emit IUsufructAccessManager.AdminOfferWithdrawn(adam, admin);
        vm.prank(admin);
        manager.withdrawAdminOffer(adam);
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.NoAdminOffer.selector, adam));
        accept(adam);
    }

    function test_RevertWhen_WithdrawingWhatWasNotOffered() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.NoAdminOffer.selector, adam));
        vm.prank(admin);
        manager.withdrawAdminOffer(adam);
    }

    function test_RevertWhen_OfferedToAnAdministrator() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.AlreadyAdmin.selector, admin));
        offer(admin);
    }

    function test_RevertWhen_OfferedToAnExcludedOffice() public {
        grant(Roles.GUARDIAN, adam);
        vm.expectRevert(
            abi.encodeWithSelector(IUsufructAccessManager.DutiesConflict.selector, adam, uint64(0), Roles.GUARDIAN)
        );
        offer(adam);
    }

    function test_RevertWhen_AnExcludedOfficeWasGrantedSinceTheOffer() public {
        offer(adam);
        grant(Roles.GUARDIAN, adam);
        vm.expectRevert(
            abi.encodeWithSelector(IUsufructAccessManager.DutiesConflict.selector, adam, uint64(0), Roles.GUARDIAN)
        );
        accept(adam);
    }

    function test_RevertWhen_TheExecutionDelayIsTooLong() public {
        vm.expectRevert(
            abi.encodeWithSelector(IUsufructAccessManager.DelayNotAllowed.selector, uint64(0), MAX_DELAY + 1)
        );
        vm.prank(admin);
        manager.offerAdmin(adam, MAX_DELAY + 1);
    }

    function test_RevertWhen_CallerIsNotAdmin() public {
        bytes memory refusal =
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, mallory, uint64(0));
        vm.startPrank(mallory);
        vm.expectRevert(refusal);
        manager.offerAdmin(mallory, 0);
        vm.expectRevert(refusal);
        manager.withdrawAdminOffer(mallory);
        vm.expectRevert(refusal);
        manager.finishSetup();
        vm.stopPrank();
    }

    /* THE LAST ONE */

    function test_RevertWhen_TheLastAdministratorIsRevoked() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.LastAdmin.selector, admin));
        vm.prank(admin);
        manager.revokeRole(0, admin);
    }

    function test_RevertWhen_TheLastAdministratorRenounces() public {
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.LastAdmin.selector, admin));
        vm.prank(admin);
        manager.renounceRole(0, admin);
    }

    function test_OneOfTwoMayLeave() public {
        offer(adam);
        accept(adam);
        vm.prank(admin);
        manager.renounceRole(0, admin);
        assertEq(manager.adminCount(), 1, "count");
        vm.expectRevert(abi.encodeWithSelector(IUsufructAccessManager.LastAdmin.selector, adam));
        vm.prank(adam);
        manager.renounceRole(0, adam);
    }

    function test_RevokingWhoIsNoAdministratorChangesNothing() public {
        vm.prank(admin);
        manager.revokeRole(0, mallory);
        assertEq(manager.adminCount(), 1, "count");
    }
}
