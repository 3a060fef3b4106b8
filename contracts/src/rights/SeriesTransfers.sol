// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643Compliance} from "../interfaces/IERC3643.sol";
import {IERC7943} from "../interfaces/IERC7943.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesCompliance} from "./SeriesCompliance.sol";
import {SeriesRecords} from "./SeriesRecords.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Transfers by holders: judged, made, reported.
/// @dev A refusal is reported in the error of the standard that has one for it, else as TransferRefused with its reason.
abstract contract SeriesTransfers is SeriesCompliance, SeriesRecords {
    /// @dev A transfer to oneself changes nothing but is a transfer all the same: judged and reported.
    function _move(address from, address to, uint256 units) internal {
        (IRevenueRight.Refusal reason, uint40 until, HolderAccount sender, HolderAccount recipient) =
            _judge(from, to, units);
        if (reason != IRevenueRight.Refusal.None) _refuse(from, to, units, reason, until);
        if (from == to) _store(from, sender);
        else _shift(from, sender, to, recipient, units);
        emit IERC20.Transfer(from, to, units);
        if (_state.supervised()) IERC3643Compliance(_supervisor).transferred(from, to, units);
    }

    function _refuse(address from, address to, uint256 units, IRevenueRight.Refusal reason, uint40 until) private view {
        if (to == address(0)) revert IERC20Errors.ERC20InvalidReceiver(to);
        uint256 balance = _accounts[from].word.balance();
        if (reason == IRevenueRight.Refusal.InsufficientBalance) {
            revert IERC20Errors.ERC20InsufficientBalance(from, balance, units);
        }
        if (reason == IRevenueRight.Refusal.UnitsFrozen) {
            uint256 frozen = _extras[from].frozenUnits;
            revert IERC7943.ERC7943InsufficientUnfrozenBalance(from, units, frozen < balance ? balance - frozen : 0);
        }
        revert IRevenueRight.TransferRefused(from, to, units, reason, until);
    }
}
