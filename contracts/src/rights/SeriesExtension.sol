// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeriesBase} from "./SeriesBase.sol";
import {SeriesLifecycle} from "./SeriesLifecycle.sol";
import {SeriesMoves} from "./SeriesMoves.sol";
import {SeriesRecordDates} from "./SeriesRecordDates.sol";
import {SeriesSnapshots} from "./SeriesSnapshots.sol";

/// @title The half of a series that is called seldom.
/// @dev RevenueRight delegates to this contract whatever it does not know itself, so all of this runs on the storage and under
/// the address of a series. It must be built with the same surroundings as RevenueRight. Called under its own address it
/// does nothing: it has no terms, no factory that could give anybody a role, and no holders.
contract SeriesExtension is SeriesRecordDates, SeriesSnapshots, SeriesLifecycle, SeriesMoves {
    constructor(address authority_, address registry_, address currency_, address distributor_)
        SeriesBase(authority_, registry_, currency_, distributor_)
    {}
}
