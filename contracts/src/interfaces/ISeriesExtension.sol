// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISeriesCompliance} from "./ISeriesCompliance.sol";
import {ISeriesLifecycle} from "./ISeriesLifecycle.sol";
import {ISeriesReasons} from "./ISeriesReasons.sol";
import {ISeriesRecords} from "./ISeriesRecords.sol";
import {ISeriesSnapshots} from "./ISeriesSnapshots.sol";
import {ISeriesStandards} from "./ISeriesStandards.sol";

/// @title What a series does through its extensions, under the address of the series.
interface ISeriesExtension is
    ISeriesRecords,
    ISeriesSnapshots,
    ISeriesLifecycle,
    ISeriesReasons,
    ISeriesCompliance,
    ISeriesStandards
{}
