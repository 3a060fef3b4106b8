// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISeriesLifecycle} from "./ISeriesLifecycle.sol";
import {ISeriesRecords} from "./ISeriesRecords.sol";
import {ISeriesSnapshots} from "./ISeriesSnapshots.sol";

/// @title What a series does through its extension, under the address of the series.
interface ISeriesExtension is ISeriesRecords, ISeriesSnapshots, ISeriesLifecycle {}
