// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {Offering} from "../../src/market/Offering.sol";
import {Kit} from "../Kit.sol";
import {MarketKit} from "../market/MarketKit.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";

/// @title Five investors subscribe to two offerings, change their minds, get frozen, and cannot always be paid.
contract SubscriptionHandler is MarketKit {
    uint32 internal constant OFFERINGS = 2;

    mapping(uint32 number => uint256) public placed;
    uint256 public paidIn;
    uint256 public returned;
    uint256 public donated;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < OFFERINGS; ++i) {
            IRevenueRight.Terms memory rules = _terms();
            (rules.minTicket, rules.symbol) = (i == 0 ? 0 : TICKET, i == 0 ? bytes32("ONE") : bytes32("TWO"));
            series = _create(rules);
            IOffering.Terms memory terms = _offer();
            (terms.minEach, terms.maxUnits, terms.price) = (0, i == 0 ? 1001 : 20_000, i == 0 ? 7 : 3);
            terms.from = NOW;
            _open(terms);
        }
    }

    /* ACTIONS */

    function subscribe(uint256 seed, uint48 units) external {
        (uint32 number, address who) = _pick(seed);
        vm.prank(who);
        try offering.subscribe(number, uint48(bound(units, 1, 3000))) returns (uint64 paid) {
            paidIn += paid;
        } catch {}
    }

    function withdraw(uint256 seed) external {
        (uint32 number, address who) = _pick(seed);
        vm.prank(who);
        try offering.withdraw(number) returns (uint64 amount) {
            returned += amount;
        } catch {}
    }

    function deliver(uint256 seed) external {
        (uint32 number, address who) = _pick(seed);
        (uint48 before, uint48 due) = offering.subscriptionOf(number, who);
        uint256 money = currency.balanceOf(sponsor);
        try offering.deliver(number, who) returns (uint48 units) {
            assertEq(units, due, "as told");
            uint256 price = units * offering.termsOf(number).price;
            assertEq(currency.balanceOf(sponsor) - money, price, "price against units");
            placed[number] += units;
            returned += before * offering.termsOf(number).price - price;
        } catch {}
    }

    function refund(uint256 seed) external {
        (uint32 number, address who) = _pick(seed);
        try offering.refund(number, who) returns (uint64 amount) {
            returned += amount;
        } catch {}
    }

    function lapse(uint256 seed, bool himself) external {
        (uint32 number, address who) = _pick(seed);
        vm.prank(himself ? who : keeper);
        try offering.lapse(number, who) returns (uint64 amount) {
            returned += amount;
        } catch {}
    }

    function freeze(uint256 seed, bool frozen) external {
        (, address who) = _pick(seed);
        _freeze(who, frozen, false);
        series.sync(who);
    }

    function refuse(uint256 seed, uint256 mood) external {
        odd.setMood(investors[seed % 5], OddCurrency.Mood(mood % 7));
    }

    function withdrawOwed(uint256 seed) external {
        try offering.withdrawOwed(investors[seed % 5]) {} catch {}
    }

    function donate(uint64 amount) external {
        amount = uint64(bound(amount, 0, 1e6));
        donated += amount;
        currency.mint(address(offering), amount);
    }

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + time % 5 days);
    }

    /// @dev Puts everything right and settles everybody.
    function finish() external {
        if (vm.getBlockTimestamp() < CLOSES) vm.warp(CLOSES);
        for (uint256 i = 0; i < 5; ++i) {
            _freeze(investors[i], false, true);
            odd.setMood(investors[i], OddCurrency.Mood.Fine);
            for (uint32 number = 1; number <= OFFERINGS; ++number) {
                _settle(number, investors[i]);
            }
            try offering.withdrawOwed(investors[i]) {} catch {}
        }
    }

    function _settle(uint32 number, address who) private {
        (uint48 before,) = offering.subscriptionOf(number, who);
        if (before == 0) return;
        uint64 price = offering.termsOf(number).price;
        (IOffering.Status status,) = offering.stateOf(number);
        if (status == IOffering.Status.Failed) {
            returned += offering.refund(number, who);
            return;
        }
        try offering.deliver(number, who) returns (uint48 units) {
            placed[number] += units;
            returned += uint256(before - units) * price;
        } catch {
            vm.warp(DELIVERED_BY);
            _admit(who, type(uint16).max, CHINA, PROFESSIONAL, 0);
            vm.prank(who);
            returned += offering.lapse(number, who);
        }
    }

    /* SUMS */

    function desk_() external view returns (Offering) {
        return offering;
    }

    function held() external view returns (uint256) {
        return currency.balanceOf(address(offering));
    }

    function waiting() external view returns (uint256 sum) {
        for (uint32 number = 1; number <= OFFERINGS; ++number) {
            for (uint256 i = 0; i < 5; ++i) {
                (uint48 units,) = offering.subscriptionOf(number, investors[i]);
                sum += uint256(units) * offering.termsOf(number).price;
            }
        }
    }

    function owed() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 5; ++i) {
            sum += offering.owedTo(investors[i]);
        }
    }

    function supplyOf(uint32 number) external view returns (uint256) {
        return IRevenueRight(offering.termsOf(number).series).state().supply;
    }

    function allotted(uint32 number) external view returns (uint256 sum) {
        for (uint256 i = 0; i < 5; ++i) {
            (, uint48 units) = offering.subscriptionOf(number, investors[i]);
            sum += units;
        }
    }

    function earned() external view returns (uint256) {
        return currency.balanceOf(sponsor);
    }

    function _pick(uint256 seed) private view returns (uint32, address) {
        return (uint32(1 + seed % OFFERINGS), investors[(seed >> 8) % 5]);
    }
}

contract SubscriptionInvariants is Kit {
    SubscriptionHandler internal handler;

    function setUp() public {
        handler = new SubscriptionHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](10);
        actions[0] = SubscriptionHandler.subscribe.selector;
        actions[1] = SubscriptionHandler.withdraw.selector;
        actions[2] = SubscriptionHandler.deliver.selector;
        actions[3] = SubscriptionHandler.refund.selector;
        actions[4] = SubscriptionHandler.lapse.selector;
        actions[5] = SubscriptionHandler.freeze.selector;
        actions[6] = SubscriptionHandler.refuse.selector;
        actions[7] = SubscriptionHandler.withdrawOwed.selector;
        actions[8] = SubscriptionHandler.donate.selector;
        actions[9] = SubscriptionHandler.wait.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev Held = price of what waits + owed + gifts, to the unit.
    function invariant_HoldsExactlyWhatWaitsAndIsOwed() public view {
        assertEq(handler.held(), handler.waiting() + handler.owed() + handler.donated(), "held");
    }

    /// @dev Paid in = beneficiary + returned + waiting, to the unit.
    function invariant_MoneyIsConserved() public view {
        assertEq(handler.paidIn(), handler.earned() + handler.returned() + handler.waiting(), "paid in");
    }

    /// @dev Units exist only against their price, and never more than the maximum; while nobody was dealt with, the
    /// allotments are exactly the smaller of maximum and demand.
    function invariant_UnitsArePlacedOnlyAsAllotted() public view {
        uint256 price = 0;
        for (uint32 number = 1; number <= 2; ++number) {
            IOffering.Terms memory terms = handler.desk_().termsOf(number);
            (, IOffering.Totals memory totals) = handler.desk_().stateOf(number);
            assertEq(handler.supplyOf(number), handler.placed(number), "supply");
            assertEq(totals.placed, handler.placed(number), "placed");
            price += handler.placed(number) * terms.price;
            uint256 given = handler.placed(number) + handler.allotted(number);
            assertLe(given, terms.maxUnits, "not more than the maximum");
            if (block.timestamp >= terms.to) continue;
            uint256 most = totals.subscribed < terms.maxUnits ? totals.subscribed : terms.maxUnits;
            assertEq(given, most, "and not less");
        }
        assertEq(handler.earned(), price, "price");
    }

    /// @dev Whatever went before, everybody gets units or money in the end.
    function afterInvariant() public {
        handler.finish();
        assertEq(handler.waiting() + handler.owed(), 0, "nobody waits");
        assertEq(handler.held(), handler.donated(), "only gifts are left");
    }
}
