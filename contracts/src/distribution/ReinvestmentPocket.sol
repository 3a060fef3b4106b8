// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Holds what one stream set aside; moves it when its maker says so.
contract ReinvestmentPocket {
    using SafeERC20 for IERC20;

    address private immutable MAKER = msg.sender;

    /// @notice The caller is not the account that made this pocket.
    error NotMaker(address caller);

    /// @notice Sends money. Only the account that made this pocket.
    function send(address currency, address to, uint256 amount) external {
        if (msg.sender != MAKER) revert NotMaker(msg.sender);
        IERC20(currency).safeTransfer(to, amount);
    }
}
