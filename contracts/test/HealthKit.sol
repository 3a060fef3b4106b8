// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HealthCheck} from "../src/governance/HealthCheck.sol";
import {IHealthCheck} from "../src/interfaces/IHealthCheck.sol";
import {Kit} from "./Kit.sol";

/// @title Asks the deployed contract's own statements, so that tests and operations mean the same by "healthy".
abstract contract HealthKit is Kit {
    /// @dev Knows no manager and no waterfall unless a test makes another.
    HealthCheck internal health = new HealthCheck(address(0), address(0));

    function requireHealthy(IHealthCheck.Result[] memory results) internal pure {
        for (uint256 i = 0; i < results.length; ++i) {
            vm.assertTrue(results[i].ok, string(bytes.concat(results[i].name)));
        }
    }

    function ascend(address[] memory accounts) internal pure {
        for (uint256 i = 1; i < accounts.length; ++i) {
            address each = accounts[i];
            uint256 j = i;
            for (; j > 0 && accounts[j - 1] > each; --j) {
                accounts[j] = accounts[j - 1];
            }
            accounts[j] = each;
        }
    }
}
