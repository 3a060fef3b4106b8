// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISettlementCurrency} from "../interfaces/ISettlementCurrency.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title SettlementCurrency
/// @notice PURPOSE. A stand-in for a bank's or issuer's payment token on local and test chains. It has the two traits
/// of real ones that other contracts must survive: 6 decimals, and accounts whose payments revert.
/// ASSUMPTIONS. Every unit is made by the TREASURER; there is no cap, no burn and no redemption. A production
/// deployment uses a real ERC-20 of 6 decimals instead and never deploys this contract.
/// LIMITS. A blocked account can neither send nor receive; its balance stays. Blocking the zero address stops minting.
contract SettlementCurrency is ISettlementCurrency, ERC20, AccessManaged {
    /* STORAGE */

    mapping(address account => bool) private _blocked;

    /* CONSTRUCTOR */

    constructor(address authority, string memory name, string memory symbol)
        ERC20(name, symbol)
        AccessManaged(authority)
    {}

    /* RESTRICTED */

    /// @inheritdoc ISettlementCurrency
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @inheritdoc ISettlementCurrency
    function setBlocked(address account, bool blocked) external restricted {
        _blocked[account] = blocked;
        emit Blocked(account, blocked);
    }

    /* VIEWS */

    /// @inheritdoc ISettlementCurrency
    function isBlocked(address account) external view returns (bool) {
        return _blocked[account];
    }

    /// @notice 6, as settlement currencies have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /* INTERNAL */

    /// @dev Mint, burn and transfer all pass here, so that there is one gate.
    function _update(address from, address to, uint256 amount) internal override {
        _requireNotBlocked(from);
        _requireNotBlocked(to);
        super._update(from, to, amount);
    }

    function _requireNotBlocked(address account) private view {
        if (_blocked[account]) revert AccountBlocked(account);
    }
}
