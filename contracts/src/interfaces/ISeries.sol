// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";
import {ISeriesExtension} from "./ISeriesExtension.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title A series as callers see it: one address, both halves.
interface ISeries is IRevenueRight, ISeriesExtension, IERC20Metadata {}
