// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../src/governance/Roles.sol";
import {ISettlementCurrency} from "../../src/interfaces/ISettlementCurrency.sol";
import {SettlementCurrency} from "../../src/settlement/SettlementCurrency.sol";
import {Kit} from "../Kit.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

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

    function test_BlockingKeepsTheBalance() public {
        vm.expectEmit(address(euro));
        emit ISettlementCurrency.Blocked(adam, true);
        _setBlocked(adam, true);
        _setBlocked(adam, true);
        assertEq(euro.balanceOf(adam), 100e6, "blocked");
        _setBlocked(adam, false);
        _setBlocked(adam, false);
        assertEq(euro.balanceOf(adam), 100e6, "released");
        assertFalse(euro.isBlocked(adam), "released");
    }

    function test_AnEmptyAccountCanBeBlocked() public {
        _setBlocked(barb, true);
        assertTrue(euro.isBlocked(barb), "blocked");
        assertEq(euro.balanceOf(barb), 0, "balance");
    }

    function test_PaymentToOneselfChangesNothing() public {
        vm.expectEmit(address(euro));
        emit IERC20.Transfer(adam, adam, 100e6);
        vm.prank(adam);
        assertTrue(euro.transfer(adam, 100e6), "result");
        assertEq(euro.balanceOf(adam), 100e6, "balance");
    }

    function test_ReportsMintsAndPayments() public {
        vm.expectEmit(address(euro));
        emit IERC20.Transfer(address(0), barb, 5);
        vm.prank(treasurer);
        euro.mint(barb, 5);
        vm.expectEmit(address(euro));
        emit IERC20.Transfer(barb, carl, 5);
        vm.prank(barb);
        assertTrue(euro.transfer(carl, 5), "result");
    }

    function test_AllowanceIsUsedUp() public {
        vm.expectEmit(address(euro));
        emit IERC20.Approval(adam, carl, 30);
        vm.prank(adam);
        assertTrue(euro.approve(carl, 30), "approved");
        vm.startPrank(carl);
        assertTrue(euro.transferFrom(adam, barb, 20), "moved");
        assertEq(euro.allowance(adam, carl), 10, "left");
        assertEq(euro.balanceOf(barb), 20, "recipient");
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carl, 10, 11));
        euro.transferFrom(adam, barb, 11);
    }

    function test_LargestAllowanceStays() public {
        vm.prank(adam);
        euro.approve(carl, type(uint256).max);
        vm.prank(carl);
        euro.transferFrom(adam, barb, 20);
        assertEq(euro.allowance(adam, carl), type(uint256).max, "allowance");
    }

    function test_RevertWhen_TheBalanceIsTooSmall() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 100e6, 100e6 + 1));
        vm.prank(adam);
        euro.transfer(barb, 100e6 + 1);
    }

    /// @dev The bit of a block is no money.
    function test_RevertWhen_ABlockedAccountSpendsItsBlock() public {
        _setBlocked(barb, true);
        _expectBlocked(barb);
        vm.prank(barb);
        euro.transfer(adam, 1 << 255);
    }

    function test_RevertWhen_PaidToNobody() public {
        bytes memory refusal = abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0));
        vm.expectRevert(refusal);
        vm.prank(adam);
        euro.transfer(address(0), 1);
        vm.expectRevert(refusal);
        vm.prank(treasurer);
        euro.mint(address(0), 1);
    }

    function test_RevertWhen_NobodyIsApproved() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSpender.selector, address(0)));
        vm.prank(adam);
        euro.approve(address(0), 1);
    }

    function test_SupplyReachesItsLimitAndNoFurther() public {
        uint256 limit = (1 << 255) - 1;
        vm.startPrank(treasurer);
        euro.mint(adam, limit - 100e6);
        assertEq(euro.balanceOf(adam), limit, "balance");
        assertFalse(euro.isBlocked(adam), "blocked by its balance");
        vm.expectRevert(abi.encodeWithSelector(ISettlementCurrency.SupplyTooLarge.selector, limit + 1));
        euro.mint(barb, 1);
    }

    /// @dev Random payments among accounts of which some are blocked on the way: beside the rules of ERC-20, no unit
    /// appears or is lost, and no balance of a blocked account moves.
    function testFuzz_ConservesTheSupply(uint256[24] memory seeds) public {
        address[4] memory people = [adam, barb, carl, mallory];
        uint256[4] memory expected;
        expected[0] = 100e6;
        for (uint256 i; i < seeds.length; ++i) {
            (uint256 from, uint256 to, uint256 amount) = (seeds[i] % 4, (seeds[i] >> 8) % 4, (seeds[i] >> 24) % 60e6);
            if ((seeds[i] >> 16) % 4 == 0) _setBlocked(people[to], !euro.isBlocked(people[to]));
            bool fine = expected[from] >= amount && !euro.isBlocked(people[from]) && !euro.isBlocked(people[to]);
            vm.prank(people[from]);
            (bool made,) = address(euro).call(abi.encodeCall(euro.transfer, (people[to], amount)));
            assertEq(made, fine, "made");
            if (made) (expected[from], expected[to]) = _after(expected, from, to, amount);
        }
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            assertEq(euro.balanceOf(people[i]), expected[i], "balance");
            sum += euro.balanceOf(people[i]);
        }
        assertEq(sum, euro.totalSupply(), "supply");
    }

    function _after(uint256[4] memory balances, uint256 from, uint256 to, uint256 amount)
        private
        pure
        returns (uint256, uint256)
    {
        if (from == to) return (balances[from], balances[to]);
        return (balances[from] - amount, balances[to] + amount);
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
