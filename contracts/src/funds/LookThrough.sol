// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundFactory} from "../interfaces/IFundFactory.sol";
import {IPoolFund} from "../interfaces/IPoolFund.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What a fund holds, and what is behind it.
/// @dev Each step from units to supply is rounded down, so a share is below the exact one by less than one 1e18th for each
/// fund on the way. Only for reading: the number of lines may grow with the power of the level.
abstract contract LookThrough is IPoolFund {
    uint256 private constant ONE = 1e18;

    /* IMMUTABLES */

    IFundFactory internal immutable FACTORY;

    /* STORAGE */

    address[] internal _holdings;
    mapping(address series => bool) internal _held;

    /* CONSTRUCTOR */

    constructor(address factory_) {
        FACTORY = IFundFactory(factory_);
    }

    /* VIEWS */

    /// @inheritdoc IPoolFund
    function holdings() external view returns (address[] memory) {
        return _holdings;
    }

    /// @inheritdoc IPoolFund
    function lookThrough() external view returns (uint32[] memory streams, uint256[] memory shares) {
        Exposure[] memory lines = exposures();
        (streams, shares) = (new uint32[](lines.length), new uint256[](lines.length));
        uint256 count = 0;
        for (uint256 i = 0; i < lines.length; ++i) {
            uint256 k = 0;
            while (k < count && streams[k] != lines[i].stream) ++k;
            if (k == count) streams[count++] = lines[i].stream;
            shares[k] += lines[i].share;
        }
        assembly ("memory-safe") {
            // Fewer streams than lines.
            mstore(streams, count)
            mstore(shares, count)
        }
    }

    /// @inheritdoc IPoolFund
    function exposures() public view returns (Exposure[] memory lines) {
        uint256 length = _holdings.length;
        Exposure[][] memory parts = new Exposure[][](length);
        uint256 count = 0;
        for (uint256 i = 0; i < length; ++i) {
            parts[i] = _behind(_holdings[i]);
            count += parts[i].length;
        }
        lines = new Exposure[](count);
        for (uint256 i = length; i != 0; --i) {
            for (uint256 k = parts[i - 1].length; k != 0; --k) {
                lines[--count] = parts[i - 1][k - 1];
            }
        }
    }

    /// @dev The lines of one holding.
    function _behind(address series) private view returns (Exposure[] memory lines) {
        // As issued, since income is divided by that.
        uint256 supply = IRevenueRight(series).state().supply;
        uint256 shareDown = supply == 0 ? 0 : IERC20(series).balanceOf(address(this)) * ONE / supply;
        address fund = FACTORY.fundOf(series);
        if (fund == address(0)) {
            lines = new Exposure[](1);
            lines[0] = Exposure(series, IRevenueRight(series).terms().stream, shareDown);
            return lines;
        }
        lines = IPoolFund(fund).exposures();
        for (uint256 i = 0; i < lines.length; ++i) {
            lines[i].share = lines[i].share * shareDown / ONE;
        }
    }
}
