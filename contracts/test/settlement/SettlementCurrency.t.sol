// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ISettlementCurrency} from "../../src/interfaces/ISettlementCurrency.sol";
import {SettlementCurrency} from "../../src/settlement/SettlementCurrency.sol";
import {Kit} from "../Kit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

contract SettlementCurrencyTest is Kit {
    SettlementCurrency internal euro;

    function setUp() public {
        euro = new SettlementCurrency(address(authority), "Test euro", "TEUR");
        allow(address(euro), euro.mint.selector, Roles.TREASURER);
        allow(address(euro), euro.setBlocked.selector, Roles.REGISTRAR);
        vm.prank(treasurer);
        euro.mint(adam, 100e6);
    }

    function test_HasSixDecimalsAndItsNames() public view {
        assertEq(uint256(euro.decimals()), 6, "decimals");
        assertEq(euro.name(), "Test euro", "name");
        assertEq(euro.symbol(), "TEUR", "symbol");
    }

    function test_MintsAndMoves() public {
        vm.prank(adam);
        euro.transfer(barb, 30e6);
        assertEq(euro.totalSupply(), 100e6, "supply");
        assertEq(euro.balanceOf(adam), 70e6, "sender");
        assertEq(euro.balanceOf(barb), 30e6, "recipient");
    }

    function test_BlockingIsReportedAndUndone() public {
        vm.expectEmit(address(euro));
        emit ISettlementCurrency.Blocked(adam, true);
        _setBlocked(adam, true);
        assertTrue(euro.isBlocked(adam), "blocked");
        _setBlocked(adam, false);
        vm.prank(adam);
        euro.transfer(barb, 1);
        assertEq(euro.balanceOf(barb), 1, "recipient");
    }

    function test_RevertWhen_SenderIsBlocked() public {
        _setBlocked(adam, true);
        _expectBlocked(adam);
        vm.prank(adam);
        euro.transfer(barb, 1);
    }

    function test_RevertWhen_RecipientIsBlocked() public {
        _setBlocked(barb, true);
        _expectBlocked(barb);
        vm.prank(adam);
        euro.transfer(barb, 1);
    }

    function test_RevertWhen_OwnerIsBlockedAndAnotherSpends() public {
        vm.prank(adam);
        euro.approve(carl, 1);
        _setBlocked(adam, true);
        _expectBlocked(adam);
        vm.prank(carl);
        euro.transferFrom(adam, carl, 1);
    }

    function test_RevertWhen_MintedToABlockedAccount() public {
        _setBlocked(barb, true);
        _expectBlocked(barb);
        vm.prank(treasurer);
        euro.mint(barb, 1);
    }

    function test_RevertWhen_CallerLacksTheRole() public {
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        euro.mint(mallory, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, mallory));
        euro.setBlocked(adam, true);
    }

    function _setBlocked(address account, bool blocked) private {
        vm.prank(registrar);
        euro.setBlocked(account, blocked);
    }

    function _expectBlocked(address account) private {
        vm.expectRevert(abi.encodeWithSelector(ISettlementCurrency.AccountBlocked.selector, account));
    }
}
