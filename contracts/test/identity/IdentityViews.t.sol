// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643IdentityRegistry} from "../../src/interfaces/IERC3643.sol";
import {IdentityKit} from "./IdentityKit.sol";

contract IdentityViewsTest is IdentityKit {
    IERC3643IdentityRegistry internal view_;

    function setUp() public {
        admit(adam, 7);
        admit(barb, 7);
        view_ = IERC3643IdentityRegistry(address(participants));
    }

    function test_KnowsWalletsAndCountries() public view {
        assertTrue(view_.contains(adam), "contains");
        assertEq(uint256(view_.investorCountry(adam)), GERMANY, "country");
        assertTrue(view_.isVerified(adam), "verified");
    }

    function test_WalletsOfOneParticipantShareAnIdentity() public view {
        assertEq(view_.identity(adam), view_.identity(barb), "same");
        assertNotEq(view_.identity(adam), address(0), "none");
    }

    function test_AStrangerIsNobody() public view {
        assertFalse(view_.contains(carl), "contains");
        assertFalse(view_.isVerified(carl), "verified");
        assertEq(view_.identity(carl), address(0), "identity");
        assertEq(uint256(view_.investorCountry(carl)), 0, "country");
    }

    function test_AnExpiredCheckIsNotVerified() public {
        vm.warp((uint256(KYC_UNTIL) + 1) * 1 days - 1);
        assertTrue(view_.isVerified(adam), "last second");
        vm.warp((uint256(KYC_UNTIL) + 1) * 1 days);
        assertFalse(view_.isVerified(adam), "the day after");
    }

    function test_AFrozenWalletIsNotVerified() public {
        vm.prank(registrar);
        participants.setFrozen(adam, true, 0, new address[](0));
        assertFalse(view_.isVerified(adam), "frozen");
        assertTrue(view_.isVerified(barb), "the other wallet");
    }

    function test_HasNoClaimsMachinery() public view {
        assertEq(view_.identityStorage(), address(0), "storage");
        assertEq(view_.issuersRegistry(), address(0), "issuers");
        assertEq(view_.topicsRegistry(), address(0), "topics");
    }
}
