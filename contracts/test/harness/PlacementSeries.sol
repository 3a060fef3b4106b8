// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPlacement} from "../../src/interfaces/IPlacement.sol";
import {HolderAccount} from "../../src/rights/HolderAccount.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {SeriesState} from "../../src/rights/SeriesState.sol";
import {SeriesTerms} from "../../src/rights/SeriesTerms.sol";

/// @title A series that takes placements.
contract PlacementSeries is RevenueRight, IPlacement {
    constructor(address authority_, address registry_, address currency_, address distributor_)
        RevenueRight(authority_, registry_, currency_, distributor_)
    {}

    function place(address holder, uint64 units) external authorized {
        SeriesState state = _state;
        if (state.isSealed()) revert AlreadySealed();
        (Refusal reason, HolderAccount account) = _judgePlacement(holder, units);
        if (reason != Refusal.None) revert TransferRefused(address(0), holder, units, reason, 0);
        _state = state.withSupply(state.supply() + units);
        _store(holder, account.credit(units, 0));
        emit Transfer(address(0), holder, units);
    }

    function checkPlacement(address holder, uint64 units) external view returns (Refusal reason) {
        (reason,) = _judgePlacement(holder, units);
    }

    function _judgePlacement(address holder, uint64 units)
        private
        view
        returns (Refusal reason, HolderAccount account)
    {
        uint256 rules = SeriesTerms.word(0);
        (reason, account) = _judgeRecipient(holder, rules);
        if (reason == Refusal.None && _belowTicket(account.balance() + units, rules)) {
            reason = Refusal.BelowMinimumTicket;
        }
    }
}
