// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDvpDesk} from "../../src/interfaces/IDvpDesk.sol";
import {IOffering} from "../../src/interfaces/IOffering.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {DeskKit} from "./DeskKit.sol";

/// @dev Gas of whole transactions, all accounts and slots cold; what a figure rests on dates from setUp.
contract MarketGasTest is DeskKit {
    uint32 internal open;
    uint32 internal closed;
    uint32 internal changed;
    IDvpDesk.Order internal order;
    bytes internal signature;
    address[] private _touched;

    function setUp() public override {
        super.setUp();
        order = _sale();
        order.expiry = CLOSES + 1 days;
        signature = _sign("adam", order);
        vm.prank(dora);
        desk.fill(order, signature, 100, type(uint64).max);
        IRevenueRight.Terms memory terms = _terms();
        terms.symbol = "NEW";
        series = _create(terms);
        vm.warp(OPENS);
        closed = _fillOffering(0);
        changed = _fillOffering(7);
        IOffering.Terms memory offer = _offer();
        offer.to = CLOSES + 1 days;
        offer.deliverUntil += 1 days;
        open = _open(offer);
        _subscribe(open, barb, 1000);
        currency.mint(sponsor, 1);
        _close();
        address code = factory.implementation();
        _touched = [code, address(currency), address(registry), address(authority), address(series), order.series];
    }

    /// @dev Thirty lots, over-subscribed; every `leaving`th subscriber withdraws.
    function _fillOffering(uint256 leaving) private returns (uint32 number) {
        number = _open(_offer());
        _subscribe(number, adam, 900);
        for (uint256 i = 1; i < 30; ++i) {
            address who = address(uint160(uint256(keccak256(abi.encode(i)))));
            if (registry.walletOf(who).participant == 0) _admit(who);
            _endow(who, 10_000);
            _subscribe(number, who, 900);
            if (leaving == 0 || i % leaving != 0) continue;
            vm.prank(who);
            offering.withdraw(number);
        }
        _subscribe(number, eric, 900);
    }

    function test_SubscriptionStaysBelow106000() public {
        bytes memory input = abi.encodeCall(offering.subscribe, (open, 1000));
        uint256 spent = transactionGas(adam, address(offering), input, _touched);
        assertLe(spent, 106_000, "subscribe");
    }

    function test_DeliveryStaysBelow157000() public {
        bytes memory input = abi.encodeCall(offering.deliver, (closed, eric));
        uint256 spent = transactionGas(mallory, address(offering), input, _touched);
        assertLe(spent, 157_000, "deliver");
    }

    /// @dev After withdrawals the place on the line is a sum of a few nodes; no more than one for each bit of the length.
    function test_DeliveryAfterWithdrawalsStaysBelow170000() public {
        bytes memory input = abi.encodeCall(offering.deliver, (changed, eric));
        uint256 spent = transactionGas(mallory, address(offering), input, _touched);
        assertLe(spent, 170_000, "deliver");
    }

    function test_AnotherFillStaysBelow106000() public {
        bytes memory input = abi.encodeCall(desk.fill, (order, signature, 400, type(uint64).max));
        uint256 spent = transactionGas(dora, address(desk), input, _touched);
        assertLe(spent, 106_000, "fill");
    }

    function test_FirstFillOfANewHolderStaysBelow150000() public {
        IDvpDesk.Order memory first = _sale();
        first.series = order.series;
        first.nonce = 9;
        first.expiry = CLOSES + 1 days;
        bytes memory input = abi.encodeCall(desk.fill, (first, _sign("adam", first), 400, type(uint64).max));
        uint256 spent = transactionGas(eric, address(desk), input, _touched);
        assertLe(spent, 150_000, "fill");
    }
}
