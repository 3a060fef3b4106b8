// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {MarketKit} from "./MarketKit.sol";

contract WithdrawSubscriptionTest is MarketKit {
    uint32 internal number;
    uint256[] private _left;
    address[] private _names;

    function setUp() public override {
        super.setUp();
        number = _openWindow();
    }

    function test_RevertWhen_SubscriptionsAreBinding() public {
        IOffering.Terms memory terms = _offer();
        terms.withdrawable = false;
        number = _open(terms);
        _subscribe(number, adam, 100);
        vm.expectRevert(abi.encodeWithSelector(IOffering.Binding.selector, number));
        vm.prank(adam);
        offering.withdraw(number);
    }

    function test_RevertWhen_WindowHasEnded() public {
        _subscribe(number, adam, 100);
        _close();
        vm.expectRevert(abi.encodeWithSelector(IOffering.NotOpen.selector, number, OPENS, CLOSES));
        vm.prank(adam);
        offering.withdraw(number);
    }

    function test_RevertWhen_NothingIsSubscribed() public {
        vm.expectRevert(abi.encodeWithSelector(IOffering.NothingSubscribed.selector, number, adam));
        vm.prank(adam);
        offering.withdraw(number);
    }

    function test_ReturnsMoneyWhilePaused() public {
        _subscribe(number, adam, 100);
        _pause(address(offering), true);
        vm.prank(adam);
        assertEq(offering.withdraw(number), 300, "returned");
    }

    function test_ReturnsAllOfTheMoney() public {
        _subscribe(number, adam, 100);
        _subscribe(number, barb, 200);
        _subscribe(number, adam, 50);
        vm.expectEmit(address(offering));
        emit IOffering.SubscriptionWithdrawn(number, adam, 150, 450);
        vm.prank(adam);
        offering.withdraw(number);
        assertEq(currency.balanceOf(adam), WEALTH, "adam");
        assertEq(currency.balanceOf(address(offering)), 600, "barb's");
        (, IOffering.Totals memory totals) = offering.stateOf(number);
        assertEq(totals.subscribed, 200, "subscribed");
        assertEq(totals.waiting, 1, "waiting");
    }

    function test_MovesUpWhoCameLater() public {
        _subscribe(number, adam, 5000);
        _subscribe(number, barb, 10_000);
        _subscribe(number, carl, 20_000);
        vm.prank(barb);
        offering.withdraw(number);
        // 25 000 for 10 000: two in five.
        (, uint48 first) = offering.subscriptionOf(number, adam);
        (, uint48 last) = offering.subscriptionOf(number, carl);
        assertEq(first, 2000, "adam");
        assertEq(last, 8000, "carl");
    }

    /// @dev The contract beside the definition: a plain list of who is still there, in order.
    function testFuzz_AllotmentsAreAsIfTheWithdrawnHadNeverCome(uint256 seed) public {
        uint256[5] memory sums;
        for (uint256 i = 0; i < 24; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            address who = investors[word % 5];
            if (word >> 8 & 3 == 0) {
                (uint48 held,) = offering.subscriptionOf(number, who);
                if (held != 0) _withdraw(who);
                continue;
            }
            uint48 units = uint48(100 + (word >> 16) % 5000);
            vm.prank(who);
            try offering.subscribe(number, units) {
                _left.push(units);
                _names.push(who);
            } catch {}
        }
        _compare(sums);
    }

    function _withdraw(address who) private {
        vm.prank(who);
        offering.withdraw(number);
        uint256 kept = 0;
        for (uint256 i = 0; i < _names.length; ++i) {
            if (_names[i] == who) continue;
            (_names[kept], _left[kept]) = (_names[i], _left[i]);
            ++kept;
        }
        while (_names.length > kept) {
            _names.pop();
            _left.pop();
        }
    }

    function _compare(uint256[5] memory sums) private view {
        uint256 total = 0;
        for (uint256 i = 0; i < _left.length; ++i) {
            total += _left[i];
        }
        uint256 most = _offer().maxUnits;
        uint256 line = 0;
        for (uint256 i = 0; i < _left.length; ++i) {
            uint256 part = total <= most ? _left[i] : (line + _left[i]) * most / total - line * most / total;
            line += _left[i];
            for (uint256 k = 0; k < 5; ++k) {
                if (investors[k] == _names[i]) sums[k] += part;
            }
        }
        uint256 all = 0;
        for (uint256 k = 0; k < 5; ++k) {
            (, uint48 allotted) = offering.subscriptionOf(number, investors[k]);
            assertEq(allotted, sums[k], "allotted");
            all += allotted;
        }
        assertEq(all, total < most ? total : most, "to the unit");
    }
}
