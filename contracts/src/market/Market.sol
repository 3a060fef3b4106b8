// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IMarket} from "../interfaces/IMarket.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {ISeriesFactory} from "../interfaces/ISeriesFactory.sol";
import {Listing} from "../libraries/Listing.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title What the places where units are sold have in common.
/// @notice SERIES. Currency and factories are fixed at deployment. Only code of a known factory is ever called as a series; the
/// answer of the factory is kept, since it never changes, and costs a slot once and a reading later.
/// CURRENCY. A payment that moves another amount than agreed is undone (`InexactPayment`): currencies that take a fee
/// are refused at the first payment, not at the listing, since none announces its fee.
abstract contract Market is IMarket, AccessManaged, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* IMMUTABLES */

    address internal immutable CURRENCY;

    /* STORAGE */

    bool private _paused;
    address[] private _factories;
    mapping(address series => bool) private _known;

    /* CONSTRUCTOR */

    constructor(address authority_, address currency_, address[] memory factories_) AccessManaged(authority_) {
        Listing.requireSuitable(currency_);
        CURRENCY = currency_;
        _factories = factories_;
    }

    /* MODIFIERS */

    modifier whenNotPaused() {
        if (_paused) revert MarketPaused();
        _;
    }

    /* RESTRICTED */

    /// @inheritdoc IMarket
    function setPaused(bool paused) external restricted {
        _paused = paused;
        emit MarketPauseSet(paused);
    }

    /* VIEWS */

    /// @inheritdoc IMarket
    function isPaused() external view returns (bool) {
        return _paused;
    }

    /// @inheritdoc IMarket
    function currency() external view returns (address) {
        return CURRENCY;
    }

    /// @inheritdoc IMarket
    function factories() external view returns (address[] memory) {
        return _factories;
    }

    /* INTERNAL */

    /// @dev Reverts unless the series is of a known factory and pays in the currency of this market.
    function _requireKnown(address series) internal {
        if (_known[series]) return;
        for (uint256 i = 0; i < _factories.length; ++i) {
            if (!ISeriesFactory(_factories[i]).isSeries(series)) continue;
            if (IRevenueRight(series).currency() != CURRENCY) break;
            _known[series] = true;
            return;
        }
        revert UnknownSeries(series);
    }

    /// @dev Moves currency between two others, or to this contract, exactly.
    function _pull(address from, address to, uint256 amount) internal {
        uint256 before = IERC20(CURRENCY).balanceOf(to);
        IERC20(CURRENCY).safeTransferFrom(from, to, amount);
        uint256 moved = IERC20(CURRENCY).balanceOf(to) - before;
        if (moved != amount) revert InexactPayment(amount, moved);
    }
}
