// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3643} from "./IERC3643.sol";
import {IERC7943} from "./IERC7943.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Orders and permits as the standards have them. See docs/standards.md.
interface ISeriesStandards is IERC3643, IERC7943, IERC20Permit {
    /// @notice The permit came too late (ERC-2612).
    error ERC2612ExpiredSignature(uint256 deadline);
    /// @notice The permit was not signed by the owner (ERC-2612).
    error ERC2612InvalidSigner(address signer, address owner);
    /// @notice A permit is refused while the owner is frozen or transfers are paused.
    error PermitRefused(address owner);
    /// @notice Fixed in the code of the series.
    error FixedAtCreation();
    /// @notice Transfers are paused already.
    error EnforcedPause();
    /// @notice Transfers are not paused.
    error ExpectedPause();
    /// @notice More units are to be frozen than the wallet has free, or released than are frozen.
    error FreezeExceeded(address wallet, uint256 units, uint256 available);
}
