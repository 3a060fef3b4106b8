// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JurisdictionPolicy} from "../../src/governance/JurisdictionPolicy.sol";
import {IJurisdictionPolicy} from "../../src/interfaces/IJurisdictionPolicy.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../../src/interfaces/ISeriesFactory.sol";
import {FundKit} from "./FundKit.sol";

/// @title Units of funds have a policy of their own, as a deployment wires it.
contract FundPolicyTest is FundKit {
    function _policyOf(address of_) private returns (JurisdictionPolicy) {
        IJurisdictionPolicy.Policy memory open = IJurisdictionPolicy.Policy(IJurisdictionPolicy.Mode.Open, 0);
        return new JurisdictionPolicy(address(authority), of_, open, 1 days);
    }

    function test_FundUnitsDoNotMoveWhereOnlyEvidenceIsAllowed() public {
        JurisdictionPolicy policy = _policyOf(address(unitFactory));
        vm.startPrank(admin);
        unitFactory.setPolicy(address(policy));
        policy.scheduleChange(IJurisdictionPolicy.Policy(IJurisdictionPolicy.Mode.EvidenceOnly, 0));
        vm.stopPrank();
        vm.warp(block.timestamp + 1 days);
        address[] memory all = new address[](1);
        all[0] = address(units);
        policy.activate(all);
        (, units) = _openFund(1, "SECOND");
        (IRevenueRight.Refusal reason,) = units.checkTransfer(barb, carl, 100);
        assertEq(uint256(reason), uint256(IRevenueRight.Refusal.EvidenceOnly), "reason");
        vm.expectPartialRevert(IRevenueRight.TransferRefused.selector);
        vm.prank(barb);
        units.transfer(carl, 100);
    }

    function test_RevertWhen_ThePolicyIsThatOfTheStreams() public {
        JurisdictionPolicy policy = _policyOf(address(factory));
        vm.expectRevert(abi.encodeWithSelector(ISeriesFactory.InvalidPolicy.selector, address(policy)));
        vm.prank(admin);
        unitFactory.setPolicy(address(policy));
    }
}
