// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1404} from "./IERC1404.sol";
import {IERC3643} from "./IERC3643.sol";
import {IERC7943} from "./IERC7943.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title What a series offers to tools that know a standard and nothing of Usufruct. See docs/standards.md.
interface ISeriesStandards is IERC165, IERC1404, IERC3643, IERC7943, IERC20Permit, IERC5267 {
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

    /// @notice Where a description of the series is found (ERC-7572).
    function contractURI() external view returns (string memory);

    /// @notice What `owner` may claim (ERC-2222).
    function withdrawableFundsOf(address owner) external view returns (uint256);

    /// @notice Pays the caller what is claimable (ERC-2222).
    function withdrawFunds() external;

    /// @notice Who appoints those that may give orders: the access manager (ERC-173 as ERC-3643 reads it).
    function owner() external view returns (address);

    /// @notice Whether an account may give the orders that ERC-3643 reserves to agents.
    function isAgent(address account) external view returns (bool);
}
