// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {HealthCheck} from "../../src/governance/HealthCheck.sol";
import {IRevenueRight} from "../../src/interfaces/IRevenueRight.sol";
import {ISeries} from "../../src/interfaces/ISeries.sol";
import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {HealthKit} from "../HealthKit.sol";
import {DistributionKit} from "../distribution/DistributionKit.sol";
import {Currency} from "../rights/Currency.sol";
import {OddCurrency} from "../rights/OddCurrency.sol";

/// @title Two streams earn, are short of money, draw on reserves, breach their covenants, change their rules, and have payees who refuse.
contract SettlementHandler is DistributionKit {
    uint32 internal constant OTHER = 5;

    OddCurrency private _odd;
    address[4] private _payees;
    ISeries[2] private _series;

    uint256 public funded;
    uint256 public settled;

    function setUp() public override {
        super.setUp();
        _payees = [taxOffice, operator, treasury, makeAddr("bank")];
        _open(OTHER);
        for (uint256 i = 0; i < 2; ++i) {
            IRevenueRight.Terms memory terms = _terms();
            (terms.stream, terms.termTo) = (i == 0 ? STREAM : OTHER, 40);
            _launch(terms);
            _series[i] = series;
            _setRules(terms.stream, _rulesFor(terms.stream, 1));
        }
    }

    function _newCurrency() internal override returns (Currency) {
        _odd = new OddCurrency();
        return _odd;
    }

    /// @dev Always the same steps, since they hold balances; the amounts differ.
    function _rulesFor(uint32 stream, uint256 seed) private returns (IWaterfall.Rules memory rules) {
        address own = address(_series[stream == STREAM ? 0 : 1]);
        _carrying(FIXED, taxOffice, uint64(seed % 50_000));
        _step(RESERVE, address(0), uint64((seed >> 16) % 200_000), 0);
        _step(KPI_FEE, operator, uint64((seed >> 32) % 1000), uint16((seed >> 48) % 2000));
        _carrying(DUE, own, uint64((seed >> 64) % 100_000));
        _drawsFrom(5);
        _step(RESERVE, address(0), uint64((seed >> 80) % 100_000), 0);
        _step(OF_AVAILABLE, own, 0, uint16((seed >> 96) % 10_001));
        _gate(IWaterfall.When.Sound, 0);
        _trigger(IWaterfall.TriggerKind.Coverage, 3, 1 << 3, 12_000, 15_000);
        _step(OF_RECEIPTS, _payees[3], 0, uint16((seed >> 112) % 3000));
        _step(RESIDUAL, treasury, 0, 0);
        _kpi(0, 5000, 10_000, 12_000, 10_000);
        rules = _rules();
        rules.maxChangeBp = uint16((seed >> 128) % 3) * 500;
    }

    /* ACTIONS */

    function fund(bool other, uint64 amount) external {
        amount = uint64(bound(amount, 1, 1_000_000));
        _fund(_stream(other), amount);
        funded += amount;
    }

    /// @dev A final period can always be settled: at once if the money is there, else after the grace.
    function settle(bool other, uint64 gross, uint16 kpi) external {
        uint32 stream = _stream(other);
        uint32 period = _attest(stream, uint64(bound(gross, 0, 1_000_000)), bytes32(uint256(kpi) << 240));
        (uint64 escrow, uint64 shortfall,) = falls.accountOf(stream);
        uint256 required = uint256(book.recordOf(stream, period).distributable) + shortfall;
        if (escrow < required) {
            vm.expectPartialRevert(IWaterfall.Underfunded.selector);
            falls.settle(stream, period);
            vm.warp(vm.getBlockTimestamp() + GRACE);
        }
        falls.settle(stream, period);
        (uint64 left, uint64 open,) = falls.accountOf(stream);
        uint256 receipts = escrow < required ? escrow : required;
        assertEq(uint256(escrow) - left, receipts, "receipts");
        assertEq(open, required - receipts, "shortfall");
        settled += receipts;
    }

    function changeRules(bool other, uint256 seed) external {
        uint32 stream = _stream(other);
        _setRules(stream, _rulesFor(stream, seed));
    }

    function refuse(uint256 payee, uint256 mood) external {
        _odd.setMood(_payees[payee % 4], OddCurrency.Mood(mood % 7));
    }

    function withdraw(uint256 seed) external {
        address payee = _payees[seed % 4];
        uint64 due = falls.owedTo(payee);
        uint256 before = currency.balanceOf(payee);
        (bool made,) = address(falls).call{gas: 300_000}(abi.encodeCall(falls.withdrawOwed, (payee)));
        assertEq(currency.balanceOf(payee), before + (made ? due : 0), "received");
        assertEq(falls.owedTo(payee), made ? 0 : due, "owed");
    }

    function wait(uint256 time) external {
        vm.warp(vm.getBlockTimestamp() + time % RULES_DELAY);
    }

    /* SUMS */

    function escrows() public view returns (uint256) {
        (uint64 one,,) = falls.accountOf(STREAM);
        (uint64 two,,) = falls.accountOf(OTHER);
        return uint256(one) + two;
    }

    function reserves() public view returns (uint256 sum) {
        for (uint256 stream = STREAM; stream <= OTHER; ++stream) {
            sum += falls.balanceOf(uint32(stream), 2) + falls.balanceOf(uint32(stream), 5);
        }
    }

    function owed() public view returns (uint256 sum) {
        for (uint256 i = 0; i < 4; ++i) {
            sum += falls.owedTo(_payees[i]);
        }
    }

    function where() external view returns (address) {
        return address(falls);
    }

    function lists() external view returns (uint32[] memory streams, address[] memory payees) {
        (streams, payees) = (new uint32[](2), new address[](4));
        (streams[0], streams[1]) = (STREAM, OTHER);
        for (uint256 i = 0; i < 4; ++i) {
            payees[i] = _payees[i];
        }
    }

    /// @dev What has left the waterfall, by its receivers' books.
    function handedOut() external view returns (uint256 sum) {
        for (uint256 i = 0; i < 4; ++i) {
            sum += currency.balanceOf(_payees[i]);
        }
        for (uint256 i = 0; i < 2; ++i) {
            assertEq(currency.balanceOf(address(_series[i])), _series[i].state().acc, "series counted what it got");
            sum += _series[i].state().acc;
        }
    }

    function _stream(bool other) private pure returns (uint32) {
        return other ? OTHER : STREAM;
    }
}

contract SettlementInvariants is HealthKit {
    SettlementHandler internal handler;

    function setUp() public {
        handler = new SettlementHandler();
        handler.setUp();
        health = new HealthCheck(address(0), handler.where());
        bytes4[] memory actions = new bytes4[](6);
        actions[0] = SettlementHandler.fund.selector;
        actions[1] = SettlementHandler.settle.selector;
        actions[2] = SettlementHandler.changeRules.selector;
        actions[3] = SettlementHandler.refuse.selector;
        actions[4] = SettlementHandler.withdraw.selector;
        actions[5] = SettlementHandler.wait.selector;
        targetContract(address(handler));
        targetSelectors(address(handler), actions);
    }

    /// @dev Held = escrows + reserves + owed, to the unit.
    function invariant_HoldsExactlyWhatItOwes() public view {
        (uint32[] memory streams, address[] memory payees) = handler.lists();
        ascend(payees);
        requireHealthy(health.checkWaterfall(streams, payees, 0));
    }

    function invariant_StatementsAreInOrder() public view {
        (uint32[] memory streams,) = handler.lists();
        requireHealthy(health.checkStatements(streams[0]));
        requireHealthy(health.checkStatements(streams[1]));
    }

    /// @dev What was settled was handed out, but for reserves and what could not be paid.
    function invariant_SettledMoneyIsHandedOut() public view {
        assertEq(handler.settled(), handler.handedOut() + handler.reserves() + handler.owed(), "settled");
        assertEq(handler.funded(), handler.settled() + handler.escrows(), "funded");
    }
}
