// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IWaterfall} from "../../src/interfaces/IWaterfall.sol";
import {RulesCodec} from "../../src/libraries/RulesCodec.sol";
import {WaterfallMath} from "../../src/libraries/WaterfallMath.sol";

/// @title The step engine as a contract, for comparing it with other implementations.
contract WaterfallHarness {
    /// @notice Runs rules from a given start; `terms` has one entry per step, zero for a payee that is no series. Returns the
    /// accounts after it too.
    function run(IWaterfall.Rules calldata rules, RulesCodec.Term[] calldata terms, WaterfallMath.Start calldata start)
        external
        pure
        returns (IWaterfall.Outcome memory outcome, uint64[] memory balances)
    {
        WaterfallMath.Start memory from = start;
        WaterfallMath.Result memory result = WaterfallMath.run(RulesCodec.encode(rules, terms), from);
        outcome.lines = new IWaterfall.Line[](result.lines.length);
        for (uint256 i = 0; i < result.lines.length; ++i) {
            outcome.lines[i] = result.lines[i].unpack();
        }
        (outcome.multiplierBp, outcome.breached) = (result.multiplierBp, result.breached);
        (outcome.ratiosBp, balances) = (result.ratiosBp, from.balances);
    }

    /// @notice The multiplier alone.
    function multiplier(IWaterfall.Rules calldata rules, WaterfallMath.Start calldata start)
        external
        pure
        returns (uint16)
    {
        RulesCodec.Term[] memory terms = new RulesCodec.Term[](rules.steps.length);
        return WaterfallMath.multiplier(RulesCodec.encode(rules, terms), start);
    }

    /// @notice The score of one KPI.
    function score(IWaterfall.Kpi calldata kpi, bytes32 kpis) external pure returns (uint256) {
        return WaterfallMath.scoreDown(kpi, kpis);
    }

    /// @notice Rules after packing and unpacking.
    function throughCode(IWaterfall.Rules calldata rules, RulesCodec.Term[] calldata terms)
        external
        pure
        returns (IWaterfall.Rules memory)
    {
        return RulesCodec.decode(RulesCodec.encode(rules, terms));
    }
}
