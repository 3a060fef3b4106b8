// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643} from "../../src/interfaces/IERC3643.sol";
import {IERC7943} from "../../src/interfaces/IERC7943.sol";
import {IParticipantRegistry} from "../../src/interfaces/IParticipantRegistry.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeriesCompliance} from "../../src/interfaces/ISeriesCompliance.sol";
import {StandardsKit} from "./StandardsKit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A lost wallet's units, freezes and money go to another wallet of the same participant, all of it and once.
contract RecoverUnitsTest is StandardsKit {
    address internal next = makeAddr("next wallet of adam");

    function test_MovesUnitsAndAllMoney() public {
        _distribute(1, 10_001);
        _recover();
        assertEq(series.balanceOf(next), 5000, "units");
        assertEq(series.balanceOf(adam), 0, "left");
        assertEq(uint256(series.claimable(next)), 5000, "claimable");
        _distribute(2, 9_999);
        assertEq(uint256(series.claimFor(next)), 10_000, "with the fraction of the first");
        assertEq(uint256(series.claimable(adam)), 0, "nothing left");
    }

    function test_FreezesGoAlong() public {
        _freezeUnits(adam, 1200);
        vm.prank(registrar);
        series.setAddressFrozen(adam, true);
        _markLost();
        vm.expectEmit(address(series));
        emit ISeriesCompliance.Recovered(adam, next, 5000, 1200);
        vm.prank(registrar);
        series.recoveryAddress(adam, next, address(0));
        assertEq(series.getFrozenTokens(next), 1200, "units");
        assertEq(series.getFrozenTokens(adam), 0, "left");
        assertTrue(series.isFrozen(next), "wallet");
    }

    /// @dev Adam's 1 200 frozen units come to the 300 of the replacement; the wallet's freeze goes along.
    function test_ReportsFreezesInBothStandards() public {
        _admitNext();
        _freezeUnits(adam, 1200);
        _freezeUnits(next, 300);
        vm.prank(registrar);
        series.setAddressFrozen(adam, true);
        _markLost();
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(adam, 0);
        vm.expectEmit(address(series));
        emit IERC3643.TokensUnfrozen(adam, 1200);
        vm.expectEmit(address(series));
        emit IERC20.Transfer(adam, next, 5000);
        vm.expectEmit(address(series));
        emit IERC7943.Frozen(next, 1500);
        vm.expectEmit(address(series));
        emit IERC3643.TokensFrozen(next, 1200);
        vm.expectEmit(address(series));
        emit IERC3643.AddressFrozen(next, true, registrar);
        vm.prank(registrar);
        series.recoveryAddress(adam, next, address(0));
    }

    function test_RecoveredUnitsStayLockedUp() public {
        _admitNext();
        _admit(adam, NEXT_YEAR, CHINA, PROFESSIONAL, NOW + 30 days);
        _recover();
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.SenderLocked;
        bytes4 selector = IRevenueRight.TransferRefused.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, next, barb, 100, reason, NOW + 30 days));
        _transfer(next, barb, 100);
    }

    function test_TheLostWalletNeverReceivesAgain() public {
        _recover();
        assertFalse(series.canReceive(adam), "receive");
        assertFalse(series.canSend(adam), "send");
        IRevenueRight.Refusal reason = IRevenueRight.Refusal.RecipientFrozen;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.TransferRefused.selector, barb, adam, 100, reason, 0));
        _transfer(barb, adam, 100);
    }

    function test_OneOrderRecoversFromTheRegistry() public {
        address[] memory told = new address[](1);
        told[0] = address(series);
        vm.prank(registrar);
        registry.recoverWallet(adam, next, "record", told);
        assertEq(series.balanceOf(next), 5000, "units");
        assertTrue(series.canSend(next), "sends");
    }

    function test_ReportsAsErc3643Does() public {
        _markLost();
        vm.expectEmit(address(series));
        emit IERC3643.RecoverySuccess(adam, next, address(7));
        vm.prank(registrar);
        assertTrue(series.recoveryAddress(adam, next, address(7)), "result");
    }

    /// @dev A sale a second before the record date counts; a sale, a forced transfer and a recovery in its very block do not.
    /// Held at it: Adam 4 000, Barb 4 000, Carl 2 000; after it: Adam 0, Barb's new wallet 7 500, Carl 2 500.
    function test_WhatHappensInTheBlockOfARecordDateComesAfterIt() public {
        vm.prank(issuer);
        series.scheduleRecord(1, NOW + 10);
        vm.warp(NOW + 9);
        _transfer(adam, barb, 1000);
        vm.warp(NOW + 10);
        _transfer(barb, carl, 500);
        _force(adam, barb, 4000);
        vm.startPrank(registrar);
        registry.recoverWallet(barb, next, "record", new address[](0));
        series.recoveryAddress(barb, next, address(0));
        vm.stopPrank();
        assertEq(series.unitsAt(adam, 1), 4000, "adam at the record date");
        assertEq(series.unitsAt(next, 1), 4000, "barb at the record date");
        _distribute(1, 10_000);
        _distribute(2, 10_000);
        assertEq(uint256(series.claimable(adam)), 4000, "adam");
        assertEq(uint256(series.claimable(next)), 4000 + 7500, "barb");
        assertEq(uint256(series.claimable(carl)), 2000 + 2500, "carl");
        assertEq(uint256(series.claimable(barb)), 0, "the lost wallet");
    }

    function test_RevertWhen_TheWalletIsNotLost() public {
        vm.expectRevert(abi.encodeWithSelector(ISeriesCompliance.WalletNotLost.selector, adam));
        vm.prank(registrar);
        series.recoveryAddress(adam, next, address(0));
    }

    function test_RevertWhen_TheOtherIsAnotherPerson() public {
        _markLost();
        vm.expectRevert(abi.encodeWithSelector(ISeriesCompliance.NotSameParticipant.selector, adam, barb));
        vm.prank(registrar);
        series.recoveryAddress(adam, barb, address(0));
    }

    function test_RevertWhen_OrderedByAnybody() public {
        _markLost();
        bytes4 selector = IERC3643.recoveryAddress.selector;
        vm.expectRevert(abi.encodeWithSelector(IRevenueRight.NotAuthorized.selector, mallory, selector));
        vm.prank(mallory);
        series.recoveryAddress(adam, next, address(0));
        vm.expectRevert(abi.encodeWithSelector(ISeriesCompliance.NotRegistry.selector, registrar));
        vm.prank(registrar);
        series.recover(adam, next);
    }

    /// @dev No unit and no money is made or lost, wherever the wallets stand.
    function testFuzz_NothingIsMadeOrLost(uint64 first, uint64 second, uint256 sent) public {
        (first, second) = (uint64(bound(first, 0, 1e12)), uint64(bound(second, 0, 1e12)));
        _admitNext();
        _distribute(1, first);
        _transfer(adam, next, bound(sent, 100, 4900));
        _distribute(2, second);
        uint256 both = uint256(series.claimable(adam)) + series.claimable(next);
        _recover();
        uint256 after_ = series.claimable(next);
        assertGe(after_, both, "not less");
        assertLe(after_, both + 1, "at most the two fractions");
        assertEq(series.balanceOf(next), 5000, "units");
    }

    function _admitNext() private {
        uint64 participant = registry.walletOf(adam).participant;
        vm.prank(registrar);
        registry.register(IParticipantRegistry.Registration(next, participant, NEXT_YEAR, CHINA, PROFESSIONAL, 0, 0));
    }

    function _markLost() private {
        vm.prank(registrar);
        registry.recoverWallet(adam, next, "record", new address[](0));
    }

    function _recover() private {
        _markLost();
        vm.prank(registrar);
        series.recoveryAddress(adam, next, address(0));
    }
}
