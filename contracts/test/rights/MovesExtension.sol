// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SeriesExtension} from "../../src/rights/SeriesExtension.sol";
import {SeriesMoves} from "../../src/rights/SeriesMoves.sol";

/// @title The extension with its accounting of offices open to anyone: no compliance, no roles.
contract MovesExtension is SeriesExtension, SeriesMoves {
    constructor(address authority_, address registry_, address currency_, address distributor_)
        SeriesExtension(authority_, registry_, currency_, distributor_)
    {}

    function freezeUnits(address holder, uint256 amount) external {
        _setFrozenUnits(holder, amount);
    }

    function unitsFrozen(address holder) external view returns (uint256) {
        return _frozenUnits(holder);
    }

    function forceMove(address from, address to, uint256 units) external returns (uint256 frozen, bool lowered) {
        return _forcedMove(from, to, units);
    }

    function moveAll(address from, address to) external returns (uint256 units) {
        return _moveAll(from, to);
    }
}
