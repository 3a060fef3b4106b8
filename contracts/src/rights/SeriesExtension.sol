// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeriesBase} from "./SeriesBase.sol";
import {SeriesLifecycle} from "./SeriesLifecycle.sol";
import {SeriesRecordDates} from "./SeriesRecordDates.sol";
import {SeriesSnapshots} from "./SeriesSnapshots.sol";
import {SeriesDescription} from "./standards/SeriesDescription.sol";
import {SeriesStandards} from "./standards/SeriesStandards.sol";

/// @title The half of a series that is called seldom.
/// @dev RevenueRight delegates to this contract whatever it does not know itself, so all of this runs on the storage and under
/// the address of a series. It must be built with the same surroundings as RevenueRight. Called under its own address it
/// does nothing: it has no terms, no factory that could give anybody a role, and no holders. Orders and permits are in a
/// contract of their own, which this one makes and delegates to, because no contract may have more than 24 576 bytes.
contract SeriesExtension is SeriesRecordDates, SeriesSnapshots, SeriesLifecycle, SeriesDescription {
    address private immutable STANDARDS;

    constructor(address authority_, address registry_, address currency_, address distributor_)
        SeriesBase(authority_, registry_, currency_, distributor_)
    {
        STANDARDS = address(new SeriesStandards(authority_, registry_, currency_, distributor_));
    }

    /// @dev What nobody knows reverts there.
    fallback() external {
        address target = STANDARDS;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }
}
