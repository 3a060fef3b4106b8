// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title What a currency must be to be listed as a settlement currency.
/// @notice Asked once, at deployment. Whether a currency takes a fee of a transfer or returns nothing cannot be asked: the
/// first is refused when money comes in as another amount, the second is accepted.
library Listing {
    uint256 private constant MAX_DECIMALS = 18;

    /// @notice The currency has a value its field does not allow. Field "code": it is no contract; "decimals": more than 18,
    /// or it does not say; "totalSupply": 2⁶⁴ units or more, or it does not say (the value is then 2²⁵⁶ − 1).
    error UnsuitableCurrency(address currency, bytes32 field, uint256 value);

    /// @notice Reverts unless amounts of the currency fit the accounts.
    function requireSuitable(address currency) internal view {
        if (currency.code.length == 0) revert UnsuitableCurrency(currency, "code", 0);
        uint256 decimals = _ask(currency, IERC20Metadata.decimals.selector);
        if (decimals > MAX_DECIMALS) revert UnsuitableCurrency(currency, "decimals", decimals);
        uint256 supply = _ask(currency, IERC20.totalSupply.selector);
        if (supply > type(uint64).max) revert UnsuitableCurrency(currency, "totalSupply", supply);
    }

    /// @dev The answer, or the largest number if there is none.
    function _ask(address currency, bytes4 selector) private view returns (uint256) {
        (bool answered, bytes memory answer) = currency.staticcall(abi.encodeWithSelector(selector));
        return answered && answer.length >= 32 ? abi.decode(answer, (uint256)) : type(uint256).max;
    }
}
