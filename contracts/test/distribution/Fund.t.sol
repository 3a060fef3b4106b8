// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {Currency} from "../rights/Currency.sol";
import {DistributionKit} from "./DistributionKit.sol";

/// @title Keeps one percent of each transfer.
contract TollCurrency is Currency {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0)) super._update(to, address(0xdead), amount / 100);
    }
}

contract FundTest is DistributionKit {
    function setUp() public override {
        super.setUp();
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        currency.mint(operator, type(uint64).max);
        vm.prank(operator);
        currency.approve(address(falls), type(uint256).max);
    }

    function test_AddsToTheEscrow() public {
        _by(operator, 300);
        vm.expectEmit(address(falls));
        emit IWaterfall.Funded(STREAM, operator, 200, 500);
        _by(operator, 200);
        (uint64 escrow,,) = falls.accountOf(STREAM);
        assertEq(escrow, 500, "escrow");
        assertEq(currency.balanceOf(address(falls)), 500, "held");
    }

    function test_RevertWhen_StreamHasNoRules() public {
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.NoRules.selector, 99));
        vm.prank(operator);
        falls.fund(99, 1);
    }

    function test_RevertWhen_NothingIsBrought() public {
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.InvalidAmount.selector, 0));
        _by(operator, 0);
    }

    function test_RevertWhen_EscrowWouldPassItsLimit() public {
        _by(operator, (1 << 62) - 1);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.InvalidAmount.selector, 1));
        _by(operator, 1);
    }

    function test_RevertWhen_CallerHasNotGivenTheMoney() public {
        vm.expectRevert();
        _by(mallory, 1);
    }

    function _by(address payer, uint64 amount) private {
        vm.prank(payer);
        falls.fund(STREAM, amount);
    }
}

contract FundWithTollTest is DistributionKit {
    function _newCurrency() internal override returns (Currency) {
        return new TollCurrency();
    }

    function test_RevertWhen_CurrencyDeliversLess() public {
        _step(RESIDUAL, treasury, 0, 0);
        _setRules(_rules());
        currency.mint(operator, 1000);
        vm.startPrank(operator);
        currency.approve(address(falls), 1000);
        vm.expectRevert(abi.encodeWithSelector(IWaterfall.InvalidAmount.selector, 990));
        falls.fund(STREAM, 1000);
        vm.stopPrank();
    }
}
