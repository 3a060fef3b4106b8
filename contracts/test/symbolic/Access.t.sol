// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {SymbolicKit} from "./SymbolicKit.sol";

/// @title The access rules, for every caller and every argument: halmos runs what begins with `check_`.
contract AccessSymbolicTest is SymbolicKit {
    /* ROLES */

    function check_NoStrangerGrantsARole(address stranger, uint64 role, address account, uint32 delay) public {
        _speakAs(stranger);
        _refused(address(authority), abi.encodeCall(authority.grantRole, (role, account, delay)));
    }

    function check_NoStrangerRevokesARole(address stranger, uint64 role, address account) public {
        _speakAs(stranger);
        _refused(address(authority), abi.encodeCall(authority.revokeRole, (role, account)));
    }

    function check_NoStrangerOpensAFunction(address stranger, address target, bytes4 selector, uint64 role) public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        _speakAs(stranger);
        _refused(address(authority), abi.encodeCall(authority.setTargetFunctionRole, (target, selectors, role)));
    }

    /* MONEY */

    function check_NoStrangerMints(address stranger, address to, uint256 amount) public {
        _speakAs(stranger);
        _refused(address(money), abi.encodeCall(money.mint, (to, amount)));
    }

    function check_NobodyElseDistributes(address caller, uint32 period, uint64 amount) public {
        vm.assume(caller != WATERFALL);
        vm.prank(caller);
        _refused(address(series), abi.encodeCall(series.distribute, (period, amount)));
    }

    /* IDENTITY */

    function check_NobodyElseRegisters(address caller, IParticipantRegistry.Registration memory entry) public {
        vm.assume(caller != OFFICE);
        vm.prank(caller);
        _refused(address(registry), abi.encodeCall(registry.register, (entry)));
    }

    function check_NobodyElseFreezes(address caller, address wallet, bool frozen) public {
        vm.assume(caller != OFFICE);
        vm.prank(caller);
        _refused(address(registry), abi.encodeCall(registry.setFrozen, (wallet, frozen, "", new address[](0))));
    }

    /* UNITS */

    function check_NoStrangerIssues(address stranger, address holder, uint64 units) public {
        (address[] memory holders, uint64[] memory amounts) = (new address[](1), new uint64[](1));
        (holders[0], amounts[0]) = (holder, units);
        _speakAs(stranger);
        _refused(address(series), abi.encodeCall(series.issue, (holders, amounts)));
    }

    function check_NoStrangerPauses(address stranger, bool paused) public {
        _speakAs(stranger);
        _refused(address(series), abi.encodeCall(IRevenueRight.setPaused, (paused)));
    }

    function check_NobodyUnadmittedReceivesUnits(address to, uint256 units) public {
        vm.assume(to != ADAM);
        vm.prank(ADAM);
        _refused(address(series), abi.encodeCall(series.transfer, (to, units)));
        assert(series.balanceOf(to) == 0);
    }

    function check_NobodyMovesUnitsWithoutAllowance(address caller, address to, uint256 units) public {
        vm.assume(caller != ADAM && units != 0);
        vm.prank(caller);
        _refused(address(series), abi.encodeCall(series.transferFrom, (ADAM, to, units)));
    }

    function _speakAs(address stranger) private {
        vm.assume(stranger != OFFICE && stranger != address(authority));
        vm.prank(stranger);
    }

    function _refused(address target, bytes memory input) private {
        (bool done,) = target.call(input);
        assert(!done);
    }
}
