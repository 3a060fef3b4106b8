// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {Kit} from "../Kit.sol";
import {DeskKit} from "../market/DeskKit.sol";

/// @title Five investors sign orders, fill each other's in parts, cancel, and let them expire.
contract TradeHandler is DeskKit {
    struct Signed {
        IDvpDesk.Order order;
        bytes signature;
        uint256 paid;
        uint256 filled;
    }

    string[5] private _names = ["adam", "barb", "carl", "dora", "eric"];
    Signed[] private _book;

    /* ACTIONS */

    function sign(uint256 maker, bool sells, uint64 units, uint64 price, uint64 minFill) external {
        IDvpDesk.Order memory order = _sale();
        (order.maker, order.sells, order.nonce) = (investors[maker % 5], sells, uint64(_book.length));
        order.units = uint64(bound(units, 1, 3000));
        order.minFill = uint64(bound(minFill, 0, order.units));
        order.price = uint64(bound(price, 0, 100_000));
        order.expiry = uint40(vm.getBlockTimestamp() + 2 days);
        _book.push(Signed(order, _sign(_names[maker % 5], order), 0, 0));
    }

    function fill(uint256 which, uint256 taker, uint64 units) external {
        if (_book.length == 0) return;
        Signed storage each = _book[which % _book.length];
        units = uint64(bound(units, 1, each.order.units));
        address who = investors[taker % 5];
        vm.prank(who);
        try desk.fill(each.order, each.signature, units, each.order.sells ? type(uint64).max : 0) returns (
            uint64 cost
        ) {
            (each.paid, each.filled) = (each.paid + cost, each.filled + units);
        } catch {}
    }

    function cancel(uint256 which) external {
        if (_book.length == 0) return;
        IDvpDesk.Order memory order = _book[which % _book.length].order;
        vm.prank(order.maker);
        desk.cancel(order);
    }

    function freeze(uint256 who, bool frozen) external {
        _freeze(investors[who % 5], frozen, true);
    }

    function pause(bool paused) external {
        _pause(address(desk), paused);
    }

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + time % 6 hours);
    }

    /* SUMS */

    function orders() external view returns (Signed[] memory) {
        return _book;
    }

    function filledOf(uint256 which) external view returns (uint64 filled) {
        (filled,) = desk.statusOf(_book[which].order);
    }

    function totals() external view returns (uint256 units, uint256 money) {
        for (uint256 i = 0; i < 5; ++i) {
            units += series.balanceOf(investors[i]);
            money += currency.balanceOf(investors[i]);
        }
    }

    function ofDesk() external view returns (uint256) {
        return series.balanceOf(address(desk)) + currency.balanceOf(address(desk));
    }

    function wealth() external pure returns (uint256) {
        return 5 * uint256(WEALTH);
    }
}

contract TradeInvariants is Kit {
    TradeHandler internal handler;

    function setUp() public {
        handler = new TradeHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](6);
        actions[0] = TradeHandler.sign.selector;
        actions[1] = TradeHandler.fill.selector;
        actions[2] = TradeHandler.cancel.selector;
        actions[3] = TradeHandler.freeze.selector;
        actions[4] = TradeHandler.pause.selector;
        actions[5] = TradeHandler.wait.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev Units and money only change hands; the desk never has any.
    function invariant_TradesConserveUnitsAndMoney() public view {
        (uint256 units, uint256 money) = handler.totals();
        assertEq(units, 10_000, "units");
        assertEq(money, handler.wealth(), "money");
        assertEq(handler.ofDesk(), 0, "desk");
    }

    /// @dev paid = ⌈price·filled/units⌉ and filled ≤ units, for every order.
    function invariant_OrdersPayTheirExactShareRoundedUp() public view {
        TradeHandler.Signed[] memory all = handler.orders();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 units, uint256 price) = (all[i].order.units, all[i].order.price);
            assertEq(handler.filledOf(i), all[i].filled, "filled");
            assertLe(all[i].filled, units, "never more than ordered");
            assertEq(all[i].paid, (price * all[i].filled + units - 1) / units, "paid");
        }
    }
}
