// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IERC7943} from "../../src/interfaces/IERC7943.sol";
import {RightsKit} from "../rights/RightsKit.sol";

/// @title A sealed series whose offices may give every order. Adam and Barb may send each other units; Dora is a stranger.
abstract contract StandardsKit is RightsKit {
    function setUp() public virtual override {
        super.setUp();
        _allow(Roles.REGISTRAR, IERC7943.setFrozenTokens.selector);
        _allow(Roles.REGISTRAR, IERC7943.forcedTransfer.selector);
        _allow(Roles.REGISTRAR, IERC3643.setAddressFrozen.selector);
        _allow(Roles.REGISTRAR, IERC3643.freezePartialTokens.selector);
        _allow(Roles.REGISTRAR, IERC3643.unfreezePartialTokens.selector);
        _allow(Roles.REGISTRAR, IERC3643.recoveryAddress.selector);
        _allow(Roles.REGISTRAR, IERC3643.batchForcedTransfer.selector);
        _allow(Roles.REGISTRAR, IERC3643.batchSetAddressFrozen.selector);
        _allow(Roles.REGISTRAR, IERC3643.batchFreezePartialTokens.selector);
        _allow(Roles.REGISTRAR, IERC3643.batchUnfreezePartialTokens.selector);
        _allow(Roles.ISSUER, IERC3643.mint.selector);
        _allow(Roles.ISSUER, IERC3643.burn.selector);
        _allow(Roles.ISSUER, IERC3643.batchMint.selector);
        _allow(Roles.ISSUER, IERC3643.batchBurn.selector);
        _allow(0, IERC3643.setCompliance.selector);
        _launch();
    }

    function _allow(uint64 role, bytes4 selector) private {
        allow(address(factory), selector, role);
    }

    function _freezeUnits(address holder, uint256 units) internal {
        vm.prank(registrar);
        series.setFrozenTokens(holder, units);
    }

    function _force(address from, address to, uint256 units) internal {
        vm.prank(registrar);
        series.forcedTransfer(from, to, units);
    }

    function _transfer(address from, address to, uint256 units) internal {
        vm.prank(from);
        series.transfer(to, units);
    }

    function _addresses(address a, address b) internal pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (a, b);
    }

    function _numbers(uint256 a, uint256 b) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        (list[0], list[1]) = (a, b);
    }
}
