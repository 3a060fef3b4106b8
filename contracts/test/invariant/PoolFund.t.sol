// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PoolFund} from "../../src/funds/PoolFund.sol";
import {IPoolFund} from "../../src/interfaces/IPoolFund.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {HealthKit} from "../HealthKit.sol";
import {FundKit} from "../funds/FundKit.sol";

/// @title Two streams pay, a fund and a fund of funds collect, keep back, spend, pass on and close their years.
contract FundHandler is FundKit {
    PoolFund internal parent;
    ISeries internal top;

    mapping(address fund => uint256) public spent;
    mapping(address fund => uint256) public passed;
    mapping(address fund => uint256) public income;
    mapping(address fund => uint256) public closings;

    function setUp() public override {
        super.setUp();
        _contribute();
        (parent, top) = _openFund(2, "PARENT");
        _admitTo(parent, units);
        _admitTo(parent, vpp);
        vm.prank(barb);
        units.transfer(address(parent), 250);
        vm.prank(adam);
        vpp.transfer(address(parent), 1234);
    }

    /* ACTIONS */

    function earn(bool other, uint64 amount) external {
        _earn(other ? parking : vpp, uint64(bound(amount, 0, 1_000_000)));
    }

    function donate(bool high, uint64 amount) external {
        currency.mint(address(_pick(high)), bound(amount, 0, 1000));
    }

    function collect(bool high) external {
        PoolFund which = _pick(high);
        income[address(which)] += which.collect();
        _requireExact(which);
    }

    function pass(bool high) external {
        PoolFund which = _pick(high);
        uint256 before = _owned(which);
        try which.passThrough() returns (uint64 amount) {
            _notePass(which, before, amount);
        } catch {}
    }

    function close(bool high) external {
        PoolFund which = _pick(high);
        uint256 before = _owned(which);
        IPoolFund.Books memory books = which.books();
        try which.closeYear() returns (uint64 amount) {
            uint256 got = _notePass(which, before, amount);
            uint256 ofYear = books.income + got;
            // distributed ≥ ⌈income·f⌉ and withheld ≤ what the floor leaves.
            assertGe((uint256(books.distributed) + amount) * 10_000, ofYear * FLOOR, "the floor's share");
            assertEq(which.books().distributable, 0, "nothing of the year is left to distribute");
            assertEq(which.books().income, 0, "a new year");
            ++closings[address(which)];
        } catch {}
    }

    function spend(bool high, uint64 amount) external {
        PoolFund which = _pick(high);
        amount = uint64(bound(amount, 0, which.books().retained));
        vm.prank(manager);
        try funds.spend(address(which), mallory, amount, "voucher") {
            spent[address(which)] += amount;
        } catch {}
    }

    function release(bool high, uint64 amount) external {
        PoolFund which = _pick(high);
        amount = uint64(bound(amount, 0, which.books().retained));
        vm.prank(manager);
        funds.release(address(which), amount);
    }

    function setPayout(bool high, uint16 payoutBp) external {
        vm.prank(manager);
        funds.setPayout(address(_pick(high)), uint16(bound(payoutBp, FLOOR, 10_000)));
    }

    function freeze(bool high, bool frozen) external {
        series = vpp;
        _freeze(address(_pick(high)), frozen, true);
    }

    function push(bool high) external {
        address[] memory page = new address[](1);
        page[0] = address(_pick(high));
        vpp.push(page);
        units.push(page);
    }

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + time % 60 days);
    }

    /// @dev What a collection on the way has booked follows from what the fund owned, got and paid.
    function _notePass(PoolFund which, uint256 before, uint64 amount) private returns (uint256 got) {
        uint256 booked = which.books().distributable + which.books().retained;
        got = booked + amount - before;
        income[address(which)] += got;
        passed[address(which)] += amount;
        _requireExact(which);
    }

    function _requireExact(PoolFund which) private view {
        assertEq(currency.balanceOf(address(which)), _owned(which), "owned = distributable + retained");
    }

    /* SUMS */

    function _owned(PoolFund which) private view returns (uint256) {
        return uint256(which.books().distributable) + which.books().retained;
    }

    function _pick(bool high) private view returns (PoolFund) {
        return high ? parent : fund;
    }

    function both() external view returns (PoolFund[2] memory) {
        return [fund, parent];
    }

    function accOf(PoolFund which) external view returns (uint256) {
        return ISeries(which.terms().units).state().acc;
    }
}

contract PoolFundInvariants is HealthKit {
    FundHandler internal handler;

    function setUp() public {
        handler = new FundHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](11);
        actions[0] = FundHandler.earn.selector;
        actions[1] = FundHandler.donate.selector;
        actions[2] = FundHandler.collect.selector;
        actions[3] = FundHandler.pass.selector;
        actions[4] = FundHandler.close.selector;
        actions[5] = FundHandler.spend.selector;
        actions[6] = FundHandler.release.selector;
        actions[7] = FundHandler.setPayout.selector;
        actions[8] = FundHandler.freeze.selector;
        actions[9] = FundHandler.push.selector;
        actions[10] = FundHandler.wait.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev Income = distributable + retained + passed on + spent, to the unit.
    function invariant_IncomeIsPassedOnRetainedOrSpent() public view {
        PoolFund[2] memory both = handler.both();
        for (uint256 i = 0; i < 2; ++i) {
            IPoolFund.Books memory books = both[i].books();
            uint256 owned = uint256(books.distributable) + books.retained;
            uint256 gone = handler.passed(address(both[i])) + handler.spent(address(both[i]));
            assertEq(handler.income(address(both[i])), owned + gone, "income");
            assertEq(handler.accOf(both[i]), handler.passed(address(both[i])), "units got what was passed on");
        }
    }

    /// @dev withheld ≤ ⌊income·(10⁴ − f)/10⁴⌋ at all times, so the rest always covers the floor; the
    /// balance covers what is booked, and what is beyond it is income not collected yet.
    function invariant_BooksAreCoveredAndLeaveTheFloor() public view {
        PoolFund[2] memory both = handler.both();
        requireHealthy(health.checkFund(address(both[0])));
        requireHealthy(health.checkFund(address(both[1])));
    }
}
