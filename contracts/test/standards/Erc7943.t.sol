// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IERC7943} from "../../src/interfaces/IERC7943.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {StandardsKit} from "./StandardsKit.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract Erc7943Test is StandardsKit {
    /* INTERFACE */

    function test_InterfaceIdIsThatOfTheStandard() public pure {
        bytes4 id = IERC7943.canSend.selector ^ IERC7943.canReceive.selector ^ IERC7943.canTransfer.selector;
        id ^= IERC7943.getFrozenTokens.selector ^ IERC7943.setFrozenTokens.selector ^ IERC7943.forcedTransfer.selector;
        assertEq(bytes32(id), bytes32(bytes4(0x3edbb4c4)), "computed");
        assertEq(bytes32(type(IERC7943).interfaceId), bytes32(bytes4(0x3edbb4c4)), "declared");
    }

    /* QUESTIONS */

    function test_AnAdmittedWalletSendsAndReceives() public view {
        assertTrue(series.canSend(adam), "send");
        assertTrue(series.canReceive(adam), "receive");
        assertTrue(series.canTransfer(adam, barb, 100), "transfer");
    }

    function test_AStrangerDoesNeither() public {
        address stranger = makeAddr("stranger");
        assertFalse(series.canSend(stranger), "send");
        assertFalse(series.canReceive(stranger), "receive");
        assertFalse(series.canTransfer(adam, stranger, 100), "to");
        assertFalse(series.canTransfer(stranger, adam, 0), "from");
    }

    function test_WhoNoLongerQualifiesMayStillSend() public {
        _admit(adam, NEXT_YEAR, 276, PROFESSIONAL, 0);
        series.sync(adam);
        assertTrue(series.canSend(adam), "send");
        assertFalse(series.canReceive(adam), "receive");
    }

    function test_AnExpiredCheckDoesNotPass() public {
        vm.warp((uint256(NEXT_YEAR) + 1) * 1 days);
        assertFalse(series.canSend(adam), "send");
        assertFalse(series.canReceive(adam), "receive");
    }

    function test_FrozenUnitsAreNotTransferable() public {
        _freezeUnits(adam, 4000);
        assertTrue(series.canTransfer(adam, barb, 1000), "free");
        assertFalse(series.canTransfer(adam, barb, 1001), "frozen");
        assertTrue(series.canSend(adam), "account");
    }

    function test_APauseStopsTransfersNotAccounts() public {
        vm.prank(pauser);
        series.pause();
        assertTrue(series.canSend(adam) && series.canReceive(barb), "accounts");
        assertFalse(series.canTransfer(adam, barb, 100), "transfer");
    }

    function testFuzz_QuestionsNeverRevert(address from, address to, uint256 amount) public view {
        series.canSend(from);
        series.canReceive(to);
        series.canTransfer(from, to, amount);
        series.getFrozenTokens(from);
    }

    /// @dev What the question refuses the transfer refuses, and the other way round.
    function testFuzz_TheAnswerIsWhatTheTransferDoes(uint256 amount, uint256 frozen, bool paused) public {
        amount = bound(amount, 0, 6000);
        _freezeUnits(adam, bound(frozen, 0, 6000));
        if (paused) {
            vm.prank(pauser);
            series.pause();
        }
        bool foretold = series.canTransfer(adam, barb, amount);
        vm.prank(adam);
        (bool made,) = address(series).call(abi.encodeCall(IERC20.transfer, (barb, amount)));
        assertEq(made, foretold, "foretold");
    }

    /* FREEZING */

    function test_SetsAndReports() public {
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(adam, 1000);
        vm.expectEmit(address(series));
        emit IERC3643.TokensFrozen(adam, 1000);
        _freezeUnits(adam, 1000);
        assertEq(series.getFrozenTokens(adam), 1000, "frozen");
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(adam, 400);
        vm.expectEmit(address(series));
        emit IERC3643.TokensUnfrozen(adam, 600);
        _freezeUnits(adam, 400);
        assertEq(series.getFrozenTokens(adam), 400, "lowered");
    }

    function test_MayFreezeMoreThanThereIs() public {
        _freezeUnits(adam, type(uint256).max);
        assertEq(series.getFrozenTokens(adam), type(uint256).max, "frozen");
        assertFalse(series.canTransfer(adam, barb, 1), "transfer");
    }

    function test_RevertWhen_FrozenUnitsAreSent() public {
        _freezeUnits(adam, 4500);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943InsufficientUnfrozenBalance.selector, adam, 501, 500));
        _transfer(adam, barb, 501);
        _transfer(adam, barb, 500);
    }

    function test_RevertWhen_MoreThanTheBalanceIsSent() public {
        _freezeUnits(adam, 4500);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        _transfer(adam, barb, 5001);
    }

    function test_RevertWhen_FrozenByAnybody() public {
        bytes4 selector = IERC7943.setFrozenTokens.selector;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, mallory, selector));
        vm.prank(mallory);
        series.setFrozenTokens(adam, 1);
    }

    /* FORCED TRANSFER */

    function test_MovesWithoutTheHoldersConsent() public {
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, barb, 700);
        vm.expectEmit(address(series));
        emit IERC7943.ForcedTransfer(adam, barb, 700);
        _force(adam, barb, 700);
        assertEq(series.balanceOf(adam), 4300, "from");
        assertEq(series.balanceOf(barb), 3700, "to");
    }

    function test_TakesFreeUnitsFirst() public {
        _freezeUnits(adam, 1000);
        _force(adam, barb, 4000);
        assertEq(series.getFrozenTokens(adam), 1000, "frozen");
    }

    function test_LowersTheFreezeBeforeTheTransfer() public {
        _freezeUnits(adam, 1000);
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(adam, 500);
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, barb, 4500);
        _force(adam, barb, 4500);
        assertEq(series.getFrozenTokens(adam), 500, "frozen");
    }

    function test_KeepsAFreezeAboveTheBalance() public {
        _freezeUnits(adam, 9000);
        _force(adam, barb, 5000);
        assertEq(series.getFrozenTokens(adam), 4000, "frozen");
    }

    function test_IsNotStoppedByPauseOrFrozenSender() public {
        _freeze(adam, true, true);
        vm.prank(pauser);
        series.pause();
        _force(adam, barb, 5000);
        assertEq(series.balanceOf(barb), 8000, "to");
    }

    function test_PastIncomeStaysWithTheSender() public {
        _distribute(1, 10_000);
        _force(adam, barb, 5000);
        assertEq(uint256(series.claimable(adam)), 5000, "from");
        assertEq(uint256(series.claimable(barb)), 3000, "to");
    }

    function test_RevertWhen_TheReceiverDoesNotQualify() public {
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotReceive.selector, mallory));
        _force(adam, mallory, 1);
    }

    function test_RevertWhen_ToItselfOrNobody() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, adam));
        _force(adam, adam, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _force(adam, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidSender.selector, address(0)));
        _force(address(0), adam, 1);
    }

    function test_RevertWhen_ThereAreFewer() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, adam, 5000, 5001));
        _force(adam, barb, 5001);
    }

    function test_RevertWhen_ForcedByAnybody() public {
        bytes4 selector = IERC7943.forcedTransfer.selector;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, issuer, selector));
        vm.prank(issuer);
        series.forcedTransfer(adam, barb, 1);
    }
}
