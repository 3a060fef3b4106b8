// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {UsufructAccessManager} from "../../src/governance/UsufructAccessManager.sol";
import {IUsufructAccessManager} from "../../src/interfaces/IUsufructAccessManager.sol";
import {StreamRegistry} from "../../src/telemetry/StreamRegistry.sol";
import {Kit} from "../Kit.sol";

/// @title A manager of the project with delays, and a target whose functions it opens.
abstract contract GovernanceKit is Kit {
    uint32 internal constant ADMIN_DELAY = 2 days;
    uint32 internal constant GRANT_DELAY = 1 days;
    uint32 internal constant EXECUTION_DELAY = 6 hours;
    uint32 internal constant MAX_DELAY = 90 days;

    UsufructAccessManager internal manager;
    StreamRegistry internal target;

    constructor() {
        IUsufructAccessManager.RoleDelay[] memory delays = new IUsufructAccessManager.RoleDelay[](2);
        delays[0] = IUsufructAccessManager.RoleDelay(Roles.ISSUER, GRANT_DELAY, 0);
        delays[1] = IUsufructAccessManager.RoleDelay(Roles.POLICY, 0, EXECUTION_DELAY);
        manager = new UsufructAccessManager(admin, ADMIN_DELAY, delays);
        target = new StreamRegistry(address(manager));
    }

    function finish() internal {
        vm.prank(admin);
        manager.finishSetup();
    }

    function grant(uint64 role, address account) internal {
        vm.prank(admin);
        manager.grantRole(role, account, 0);
    }

    function offer(address account) internal {
        vm.prank(admin);
        manager.offerAdmin(account, 0);
    }

    function accept(address account) internal {
        vm.prank(account);
        manager.acceptAdmin();
    }

    function isMember(uint64 role, address account) internal view returns (bool member) {
        (member,) = manager.hasRole(role, account);
    }

    function one(bytes4 selector) internal pure returns (bytes4[] memory selectors) {
        selectors = new bytes4[](1);
        selectors[0] = selector;
    }
}
