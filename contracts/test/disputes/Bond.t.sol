// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {OperatorBond} from "../../src/disputes/OperatorBond.sol";
import {Roles} from "../../src/governance/Roles.sol";
import {IObjectiveDisputes} from "../../src/interfaces/IObjectiveDisputes.sol";
import {IOperatorBond} from "../../src/interfaces/IOperatorBond.sol";
import {DisputeKit} from "./DisputeKit.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A currency that may take a fee, or refuse a payee.
contract BondCurrency is ERC20("Bond", "BND") {
    uint256 public fee;
    address public refused;

    function set(uint256 fee_, address refused_) external {
        (fee, refused) = (fee_, refused_);
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(to == address(0) || to != refused, "refused");
        uint256 taken = from == address(0) || amount < fee ? 0 : fee;
        super._update(from, to, amount - taken);
        if (taken != 0) super._update(from, address(0), taken);
    }
}

abstract contract BondKit is DisputeKit {
    uint40 internal constant NOTICE = 14 days;
    uint96 internal constant REWARD = 500;

    BondCurrency internal coin = new BondCurrency();
    OperatorBond internal bond;
    address internal operator = adam;

    constructor() {
        bond = new OperatorBond(address(authority), IERC20(address(coin)), chamber, NOTICE);
        allow(address(bond), bond.open.selector, Roles.ISSUER);
        vm.prank(issuer);
        bond.open(STREAM, operator, REWARD);
        coin.mint(operator, 1_000_000);
        vm.prank(operator);
        coin.approve(address(bond), type(uint256).max);
    }

    function deposit(uint256 amount) internal {
        vm.prank(operator);
        bond.deposit(STREAM, amount);
    }

    function announce(uint96 amount) internal {
        vm.prank(operator);
        bond.announce(STREAM, amount);
    }

    function withdraw() internal returns (uint96) {
        vm.prank(operator);
        return bond.withdraw(STREAM);
    }

    /// @dev Two faults of the disputed period, proven by mallory.
    function twoFaults() internal returns (bytes32 one, bytes32 two) {
        (first[0].meter, first[2].meter) = (98, 99);
        anchorPeriod();
        return (prove(0, 0), prove(0, 2));
    }

    function settleAll() internal {
        anchorPeriod();
        vm.warp(NOW + WINDOW);
        consume(1);
        consume(2);
        consume(disputed);
    }
}

contract BondTest is BondKit {
    /* REWARD */

    function test_PaysTheChallenger() public {
        deposit(10_000);
        (bytes32 fault,) = twoFaults();
        vm.expectEmit(address(bond));
        emit IOperatorBond.RewardPaid(STREAM, fault, mallory, REWARD);
        vm.prank(barb);
        assertEq(uint256(bond.reward(fault)), REWARD, "paid");
        assertEq(coin.balanceOf(mallory), REWARD, "challenger");
        assertEq(uint256(bond.bondOf(STREAM).balance), 10_000 - REWARD, "bond");
        assertTrue(bond.isPaid(fault), "is paid");
    }

    function test_RevertWhen_PaidBefore() public {
        deposit(10_000);
        (bytes32 fault,) = twoFaults();
        bond.reward(fault);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.PaidBefore.selector, fault));
        bond.reward(fault);
    }

    function test_PaysNoMoreThanThereIs() public {
        deposit(700);
        (bytes32 one, bytes32 two) = twoFaults();
        assertEq(uint256(bond.reward(one)), 500, "first");
        assertEq(uint256(bond.reward(two)), 200, "second");
        assertEq(coin.balanceOf(address(bond)), 0, "empty");
    }

    function test_OwesWhatTheBondDidNotCover() public {
        deposit(1);
        (bytes32 fault,) = twoFaults();
        assertEq(uint256(bond.reward(fault)), 1, "all there is");
        assertFalse(bond.isPaid(fault), "the rest is owed");
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NothingToPay.selector, STREAM));
        bond.reward(fault);
        deposit(10_000);
        assertEq(uint256(bond.reward(fault)), REWARD - 1, "the rest");
        assertTrue(bond.isPaid(fault), "paid in full");
        assertEq(coin.balanceOf(mallory), REWARD, "the reward, once");
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.PaidBefore.selector, fault));
        bond.reward(fault);
    }

    function test_RevertWhen_TheBondIsEmptyUntilItIsNot() public {
        (bytes32 fault,) = twoFaults();
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NothingToPay.selector, STREAM));
        bond.reward(fault);
        deposit(1_000);
        assertEq(uint256(bond.reward(fault)), REWARD, "paid later");
    }

    function test_RevertWhen_NothingWasProven() public {
        deposit(1_000);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotProven.selector, bytes32(uint256(1))));
        bond.reward(bytes32(uint256(1)));
    }

    function test_RevertWhen_ItIsTheSecondOfAPair() public {
        deposit(1_000);
        first[2].duration += 1;
        anchorPeriod();
        IObjectiveDisputes.Evidence memory evidence = evidenceOf(0);
        chamber.provePair(evidence, 1, readingOf(0, 0), readingOf(0, 2));
        bytes32 other = keccak256(abi.encode("reading", STREAM, cursors[1].seq, uint256(2), uint256(3)));
        assertEq(uint256(chamber.provenOf(other).kind), uint256(IObjectiveDisputes.Fault.Overlap), "it is out");
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotProven.selector, other));
        bond.reward(other);
    }

    function test_ARefusedChallengerStopsOnlyHimself() public {
        deposit(1_000);
        (bytes32 fault,) = twoFaults();
        coin.set(0, mallory);
        vm.expectRevert("refused");
        bond.reward(fault);
        assertFalse(bond.isPaid(fault), "not lost");
        coin.set(0, address(0));
        bond.reward(fault);
    }

    /* DEPOSIT */

    function test_WhatArrivesCounts() public {
        coin.set(3, address(0));
        vm.expectEmit(address(bond));
        emit IOperatorBond.BondDeposited(STREAM, operator, 997);
        deposit(1_000);
        assertEq(uint256(bond.bondOf(STREAM).balance), 997, "bond");
    }

    function test_RevertWhen_NothingArrives() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.InvalidDeposit.selector, 0));
        deposit(0);
    }

    function test_RevertWhen_TheAccountIsTooSmall() public {
        coin.mint(operator, 1 << 97);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.InvalidDeposit.selector, 1 << 96));
        deposit(1 << 96);
    }

    function test_RevertWhen_ThereIsNoBond() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NoBond.selector, STREAM + 1));
        bond.deposit(STREAM + 1, 1);
    }

    /* OPENING */

    function test_RevertWhen_OpenedTwice() public {
        vm.prank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.BondExists.selector, STREAM));
        bond.open(STREAM, mallory, 0);
    }

    function test_RevertWhen_NobodyIsTheOperator() public {
        vm.prank(issuer);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NoBond.selector, STREAM + 1));
        bond.open(STREAM + 1, address(0), 0);
    }

    function test_RevertWhen_TheCallerIsNotIssuer() public {
        vm.prank(mallory);
        vm.expectRevert();
        bond.open(STREAM + 1, mallory, 0);
    }

    /* WITHDRAWAL */

    function test_WithdrawsAfterTheNotice() public {
        deposit(1_000);
        settleAll();
        announce(400);
        vm.warp(NOW + WINDOW + NOTICE);
        vm.expectEmit(address(bond));
        emit IOperatorBond.BondWithdrawn(STREAM, operator, 400);
        assertEq(uint256(withdraw()), 400, "withdrawn");
        assertEq(uint256(bond.bondOf(STREAM).balance), 600, "left");
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotLeaving.selector, STREAM, 0));
        withdraw();
    }

    function test_WithdrawsWhatRewardsHaveLeft() public {
        deposit(700);
        (bytes32 fault,) = twoFaults();
        attest(statement(2));
        announce(700);
        bond.reward(fault);
        vm.warp(NOW + NOTICE);
        consume(1);
        consume(2);
        consume(disputed);
        assertEq(uint256(withdraw()), 200, "withdrawn");
        assertEq(coin.balanceOf(address(bond)), 0, "empty");
    }

    function test_RevertWhen_AStatementIsOpen() public {
        deposit(1_000);
        announce(1_000);
        vm.warp(NOW + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.StatementOpen.selector, STREAM, 2, 0));
        withdraw();
    }

    function test_RevertWhen_TheNoticeRuns() public {
        deposit(1_000);
        announce(1_000);
        vm.warp(NOW + NOTICE - 1);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotLeaving.selector, STREAM, NOW + NOTICE));
        withdraw();
    }

    function test_RevertWhen_TheNoticeHasRunOut() public {
        deposit(1_000);
        announce(1_000);
        vm.warp(NOW + 2 * NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotLeaving.selector, STREAM, NOW + NOTICE));
        withdraw();
    }

    function test_RevertWhen_TheAnnouncementIsTakenBack() public {
        deposit(1_000);
        announce(1_000);
        announce(0);
        vm.warp(NOW + NOTICE);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotLeaving.selector, STREAM, 0));
        withdraw();
    }

    function test_RevertWhen_MoreIsAnnouncedThanThereIs() public {
        deposit(1_000);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.BondTooSmall.selector, STREAM, 1_000, 1_001));
        announce(1_001);
    }

    function test_RevertWhen_TheCallerIsNotTheOperator() public {
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotOperator.selector, STREAM, address(this)));
        bond.announce(STREAM, 0);
        vm.expectRevert(abi.encodeWithSelector(IOperatorBond.NotOperator.selector, STREAM, address(this)));
        bond.withdraw(STREAM);
    }

    /* CONSERVATION */

    /// @dev Whatever is put in is in the bond, with the challenger, or back with the operator: to the unit.
    function testFuzz_NothingIsLostOrMade(uint96[4] memory deposits, uint96 leaving, bool early) public {
        (bytes32 one, bytes32 two) = twoFaults();
        uint256 put;
        for (uint256 i; i < 4; ++i) {
            uint256 amount = bound(deposits[i], 1, 2_000);
            deposit(amount);
            put += amount;
            if (i == 1) bond.reward(one);
        }
        announce(uint96(bound(leaving, 0, bond.bondOf(STREAM).balance)));
        if (early) bond.reward(two);
        attest(statement(2));
        vm.warp(NOW + NOTICE);
        consume(1);
        consume(2);
        consume(disputed);
        uint256 back = bond.bondOf(STREAM).leaving == 0 ? 0 : withdraw();
        if (!early && bond.bondOf(STREAM).balance != 0) bond.reward(two);
        uint256 left = bond.bondOf(STREAM).balance;
        assertEq(put, left + back + coin.balanceOf(mallory), "every unit");
        assertEq(coin.balanceOf(address(bond)), left, "what the bond says it has");
        assertLe(coin.balanceOf(mallory), 2 * uint256(REWARD), "two rewards at most");
        coin.mint(address(bond), 7);
        assertEq(uint256(bond.bondOf(STREAM).balance), left, "a gift changes nothing");
    }
}
