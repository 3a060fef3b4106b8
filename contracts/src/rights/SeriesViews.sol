// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesTerms} from "./SeriesTerms.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title What a series tells about itself, its holders and its surroundings.
abstract contract SeriesViews is SeriesBase, IRevenueRight, IERC20Metadata {
    /* THE SERIES */

    /// @inheritdoc IRevenueRight
    function accountOf(address holder) external view returns (Account memory) {
        return _accounts[holder].word.unpack();
    }

    /// @inheritdoc IRevenueRight
    function state() external view returns (State memory) {
        return _state.unpack();
    }

    /// @inheritdoc IRevenueRight
    function terms() external view returns (Terms memory) {
        return SeriesTerms.decode();
    }

    /// @inheritdoc IRevenueRight
    function registry() external view returns (address) {
        return address(REGISTRY);
    }

    /// @inheritdoc IRevenueRight
    function currency() external view returns (address) {
        return CURRENCY;
    }

    /// @inheritdoc IRevenueRight
    function distributor() external view returns (address) {
        return DISTRIBUTOR;
    }

    /* ERC-20 */

    /// @notice Units `spender` may still move for `owner`.
    function allowance(address owner, address spender) external view returns (uint256) {
        return _allowances[owner][spender];
    }

    /// @notice Units outstanding: issued less redeemed.
    function totalSupply() external view returns (uint256) {
        return _state.supply() - _redeemed;
    }

    /// @notice Units of an account.
    function balanceOf(address account) external view returns (uint256) {
        return _accounts[account].word.balance();
    }

    /// @notice Name of the series.
    function name() external view returns (string memory) {
        return SeriesTerms.text(3);
    }

    /// @notice Symbol of the series.
    function symbol() external view returns (string memory) {
        return SeriesTerms.text(4);
    }

    /// @notice Decimals of the units.
    function decimals() external view returns (uint8) {
        return uint8(SeriesTerms.word(0));
    }

    /* CACHED ATTRIBUTES */

    /// @inheritdoc IRevenueRight
    function sync(address wallet) external {
        (HolderAccount account,) = _refreshed(wallet, _accounts[wallet].word);
        _store(wallet, account);
    }
}
