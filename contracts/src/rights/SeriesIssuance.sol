// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643Compliance} from "../interfaces/IERC3643.sol";
import {IRevenueRight} from "../interfaces/IRevenueRight.sol";
import {HolderAccount} from "./HolderAccount.sol";
import {SeriesAdmission} from "./SeriesAdmission.sol";
import {SeriesState} from "./SeriesState.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title New units, before sealing. The caller keeps the supply and stores it once.
abstract contract SeriesIssuance is SeriesAdmission {
    /// @dev Judges a wallet and gives it units. Returns the supply after it.
    function _allocate(address holder, uint256 units, SeriesState s, uint256 supply) internal returns (uint256) {
        _requireRoom(supply + units);
        (IRevenueRight.Refusal reason, HolderAccount account) = _judgeIssue(holder, units);
        if (reason != IRevenueRight.Refusal.None) {
            revert IRevenueRight.TransferRefused(address(0), holder, units, reason, 0);
        }
        return _issue(holder, account, units, s, supply);
    }

    /// @dev Gives units to a wallet that was judged, where there is room. Returns the supply after it.
    function _issue(address holder, HolderAccount account, uint256 units, SeriesState s, uint256 supply)
        internal
        returns (uint256)
    {
        _store(holder, account.plus(units));
        emit IERC20.Transfer(address(0), holder, units);
        if (s.supervised()) IERC3643Compliance(_supervisor).created(holder, units);
        return supply + units;
    }

    function _requireRoom(uint256 supply) internal pure {
        if (supply > MAX_UNITS) revert IRevenueRight.LimitExceeded(supply, MAX_UNITS);
    }
}
