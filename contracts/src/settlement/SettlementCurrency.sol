// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ISettlementCurrency} from "../interfaces/ISettlementCurrency.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title SettlementCurrency
/// @notice PURPOSE. A stand-in for a bank's or issuer's payment token on local and test chains. It has the two traits
/// of real ones that other contracts must survive: 6 decimals, and accounts whose payments revert.
/// ASSUMPTIONS. Every unit is made by the TREASURER; there is no burn and no redemption. A production
/// deployment uses a real ERC-20 of 6 decimals instead and never deploys this contract.
/// ACCOUNTS. One word each: the balance, and in its highest bit whether the account is blocked. A payment thus reads two
/// slots, as one of a plain ERC-20 does, and gas measured with this currency is that of any lean one.
/// LIMITS. A blocked account can neither send nor receive; its balance stays. The supply stays below 2^255
/// (`SupplyTooLarge`), so a balance never reaches the bit above it. Events and errors are those of OpenZeppelin's ERC20.
contract SettlementCurrency is ISettlementCurrency, IERC20Metadata, IERC20Errors, AccessManaged {
    /// @dev A struct around the word, so that the mapping is hashed once for reading and writing.
    struct Account {
        uint256 word;
    }

    uint256 private constant BLOCKED = 1 << 255;

    /* STORAGE */

    mapping(address account => Account) private _accounts;
    mapping(address owner => mapping(address spender => uint256)) private _allowances;

    /// @inheritdoc IERC20Metadata
    string public name;

    /// @inheritdoc IERC20Metadata
    string public symbol;

    uint256 private _totalSupply;

    /* CONSTRUCTOR */

    constructor(address authority, string memory name_, string memory symbol_) AccessManaged(authority) {
        (name, symbol) = (name_, symbol_);
    }

    /* RESTRICTED */

    /// @inheritdoc ISettlementCurrency
    function mint(address to, uint256 amount) external restricted {
        uint256 supply = _totalSupply + amount;
        if (supply >= BLOCKED) revert SupplyTooLarge(supply);
        _totalSupply = supply;
        _credit(to, amount);
        emit Transfer(address(0), to, amount);
    }

    /// @inheritdoc ISettlementCurrency
    function setBlocked(address account, bool blocked) external restricted {
        uint256 balance = balanceOf(account);
        _accounts[account].word = blocked ? balance | BLOCKED : balance;
        emit Blocked(account, blocked);
    }

    /* ERC-20 */

    /// @notice Moves units of the caller.
    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    /// @notice Moves units of `from` within the caller's allowance.
    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        uint256 allowed = _allowances[from][msg.sender];
        if (allowed != type(uint256).max) {
            if (allowed < amount) revert ERC20InsufficientAllowance(msg.sender, allowed, amount);
            unchecked {
                // Not below zero by the check before.
                _allowances[from][msg.sender] = allowed - amount;
            }
        }
        _move(from, to, amount);
        return true;
    }

    /// @notice Lets `spender` move up to `amount` of the caller; 2²⁵⁶ − 1 is without limit.
    function approve(address spender, uint256 amount) external returns (bool) {
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        _allowances[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    /* VIEWS */

    /// @notice Units `spender` may still move for `owner`.
    function allowance(address owner, address spender) external view returns (uint256) {
        return _allowances[owner][spender];
    }

    /// @notice Units ever minted.
    function totalSupply() external view returns (uint256) {
        return _totalSupply;
    }

    /// @inheritdoc ISettlementCurrency
    function isBlocked(address account) external view returns (bool) {
        return _accounts[account].word >= BLOCKED;
    }

    /// @notice 6, as settlement currencies have.
    function decimals() external pure returns (uint8) {
        return 6;
    }

    /// @notice Units of an account.
    function balanceOf(address account) public view returns (uint256) {
        return _accounts[account].word & ~BLOCKED;
    }

    /* INTERNAL */

    function _move(address from, address to, uint256 amount) private {
        Account storage account = _accounts[from];
        uint256 word = account.word;
        if (word >= BLOCKED) revert AccountBlocked(from);
        if (word < amount) revert ERC20InsufficientBalance(from, word, amount);
        unchecked {
            // Not below zero by the check before.
            account.word = word - amount;
        }
        // Read after the writing: a payment to oneself changes nothing.
        _credit(to, amount);
        emit Transfer(from, to, amount);
    }

    function _credit(address to, uint256 amount) private {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        Account storage account = _accounts[to];
        uint256 word = account.word;
        if (word >= BLOCKED) revert AccountBlocked(to);
        unchecked {
            // No balance is above the supply, which is below 2^255.
            account.word = word + amount;
        }
    }
}
