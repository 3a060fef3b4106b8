// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPlacement} from "../../src/interfaces/IPlacement.sol";
import {HolderAccount} from "../../src/rights/HolderAccount.sol";
import {RevenueRight} from "../../src/rights/RevenueRight.sol";
import {SeriesTerms} from "../../src/rights/SeriesTerms.sol";

/// @title A series that says about placements what `place` would do.
contract PlacementSeries is RevenueRight, IPlacement {
    constructor(address authority_, address registry_, address currency_, address distributor_, address extension_)
        RevenueRight(authority_, registry_, currency_, distributor_, extension_)
    {}

    function checkPlacement(address holder, uint64 units) external view returns (Refusal reason, uint40) {
        uint256 rules = SeriesTerms.word(0);
        HolderAccount account;
        (reason, account) = _judgeRecipient(holder, rules);
        if (reason == Refusal.None && _belowTicket(account.balance() + units, rules)) {
            reason = Refusal.BelowMinimumTicket;
        }
        return (reason, 0);
    }
}
