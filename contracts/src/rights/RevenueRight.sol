// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesBase} from "./SeriesBase.sol";
import {SeriesIncome} from "./SeriesIncome.sol";
import {SeriesIssuance} from "./SeriesIssuance.sol";
import {SeriesState} from "./SeriesState.sol";
import {SeriesTransfers} from "./SeriesTransfers.sol";
import {SeriesViews} from "./SeriesViews.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @title A series of income rights.
///
/// LIFE
/// Created by the factory as a clone with its terms in its code (no initialiser exists that could be captured), issued to
/// admitted wallets, sealed, then paid period by period to the end of its term, closed and redeemed. Units never move
/// before sealing and none are issued after it. A right is to income only; it carries no control over the asset.
///
/// ACCRUAL
/// acc counts every currency unit ever received. With supply S a holder of b units who held them all along is entitled to
/// acc·b/S; debt corrects for units that came, went or were paid, kept multiplied by S so that nothing is divided:
///     claimable = ⌊(acc·b − debt)/S⌋     transfer of v: debt ∓ acc·v     payment of p: debt + p·S
/// Only the reading divides, downwards. A transfer leaves both numerators as they were, a payment leaves the remainder
/// (less than one currency unit) with the account, where the next distribution adds to it. An account that gave all its
/// units away keeps such a remainder for ever, as a negative debt. The numerators sum to S·(acc − Σ paid), so the vault
/// always covers what is claimable and never keeps more than one unit per account beyond it: a holding that ends up split
/// over n accounts leaves fewer than n units over, for the whole life of the series. S is the supply as issued: it stays
/// when units are redeemed. Where a period's record date lies before its settlement, SeriesRecords says who earns.
///
/// WIDTHS
/// Supply stays below 2⁴⁸ and acc below 2⁶³ (`LimitExceeded`), so products stay below 2¹¹¹ and the account fits one slot;
/// see HolderAccount. That is 281 trillion units and, with 6 decimals, nine trillion currency units for one series.
///
/// MONEY
/// The waterfall sends the currency first and then calls `distribute`; the series believes the amount. Currency that
/// arrives in any other way belongs to nobody and stays. The currency is assumed to move exactly what it is told to; one
/// that refuses a holder (or returns false, or takes more than Payment.GAS) makes that holder's payment fail, no other's.
/// Holders who are frozen or whose identity check ran out still earn; they are paid once that is put right. The slot of
/// the vault's own currency balance is cheapest while it never returns to zero; the dust sees to that in practice.
///
/// COMPLIANCE
/// Each account caches the attributes of its wallet. `sync` refreshes them and the registry does so for every freeze; in
/// between, a *worse* attribute in the registry is not seen until the cached identity check runs out. Refusals are never
/// decided on the cache alone. Senders are held to the same identity check as recipients. A spender frozen in the
/// registry moves nothing. Role checks name the factory as target, immediate permission only.
///
/// TWO HALVES
/// This contract runs what is called often. Every other function is run by the extension, whose address is fixed in this
/// code, on the storage of the series; callers see one address. Neither half can be replaced.
contract RevenueRight is SeriesIssuance, SeriesTransfers, SeriesIncome, SeriesViews, IERC20Errors {
    /* IMMUTABLES */

    /// @inheritdoc IRevenueRight
    address public immutable extension;

    /* CONSTRUCTOR */

    constructor(address authority_, address registry_, address currency_, address distributor_, address extension_)
        SeriesBase(authority_, registry_, currency_, distributor_)
    {
        extension = extension_;
    }

    /* EXTENSION */

    /// @dev Whatever this contract does not know is for the extension, which answers or reverts in its place.
    fallback() external {
        address target = extension;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }

    /* ISSUANCE */

    /// @inheritdoc IRevenueRight
    function issue(address[] calldata holders, uint64[] calldata units) external authorized {
        SeriesState s = _state;
        if (s.isSealed()) revert AlreadySealed();
        if (holders.length != units.length) revert LengthMismatch(holders.length, units.length);
        uint256 supply = s.supply();
        for (uint256 i = 0; i < holders.length; ++i) {
            supply = _allocate(holders[i], units[i], s, supply);
        }
        _state = s.withSupply(uint48(supply));
    }

    /// @inheritdoc IRevenueRight
    function place(address holder, uint64 units) external authorized {
        SeriesState s = _state;
        if (s.isSealed()) revert AlreadySealed();
        _requireRoom(uint256(s.supply()) + units);
        (Refusal reason, uint40 until, HolderAccount account) = _judgePlacement(holder, units);
        if (reason != Refusal.None) revert TransferRefused(address(0), holder, units, reason, until);
        _state = s.withSupply(uint48(_issue(holder, account, units, s, s.supply())));
    }

    /// @inheritdoc IRevenueRight
    function checkPlacement(address holder, uint64 units) external view returns (Refusal reason) {
        (reason,,) = _judgePlacement(holder, units);
    }

    /// @inheritdoc IRevenueRight
    function seal() external authorized {
        SeriesState s = _state;
        if (s.isSealed()) revert AlreadySealed();
        _state = s.withSeal();
        emit Sealed(s.supply());
    }

    /* ERC-20 */

    /// @notice Moves units of the caller, where the rules of the series allow it.
    function transfer(address to, uint256 units) external returns (bool) {
        _move(msg.sender, to, units);
        return true;
    }

    /// @notice Moves units of `from` within the caller's allowance, where the rules of the series allow it.
    function transferFrom(address from, address to, uint256 units) external returns (bool) {
        if (msg.sender != from && _isFrozen(msg.sender)) {
            revert TransferRefused(from, to, units, Refusal.SpenderFrozen, 0);
        }
        _spendAllowance(from, msg.sender, units);
        _move(from, to, units);
        return true;
    }

    /// @inheritdoc IRevenueRight
    function batchTransfer(address[] calldata toList, uint256[] calldata amounts) external {
        if (toList.length != amounts.length) revert LengthMismatch(toList.length, amounts.length);
        for (uint256 i = 0; i < toList.length; ++i) {
            _move(msg.sender, toList[i], amounts[i]);
        }
    }

    /// @notice Lets `spender` move up to `units` of the caller; 2²⁵⁶ − 1 is without limit.
    function approve(address spender, uint256 units) external returns (bool) {
        _approve(msg.sender, spender, units);
        return true;
    }

    /// @inheritdoc IRevenueRight
    function checkTransfer(address from, address to, uint256 units)
        external
        view
        returns (Refusal reason, uint40 until)
    {
        (reason, until,,) = _judge(from, to, units);
    }

    function _spendAllowance(address owner, address spender, uint256 units) private {
        uint256 allowed = _allowances[owner][spender];
        if (allowed == type(uint256).max) return;
        if (allowed < units) revert ERC20InsufficientAllowance(spender, allowed, units);
        unchecked {
            // Cannot underflow: compared above.
            _allowances[owner][spender] = allowed - units;
        }
    }

    /// @dev Frozen in the cache and still so in the registry.
    function _isFrozen(address wallet) private view returns (bool) {
        HolderAccount account = _accounts[wallet].word;
        if (!account.frozen()) return false;
        (account,) = _refreshed(wallet, account);
        return account.frozen();
    }
}
