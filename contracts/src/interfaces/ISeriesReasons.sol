// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC1404} from "./IERC1404.sol";
import {IRevenueRight} from "./IRevenueRight.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title What a series tells of its rules: why a transfer is refused, how many hold, which standards it follows.
interface ISeriesReasons is IERC165, IERC1404, IERC5267 {
    /// @notice Like `checkTransfer`, with the rule that refuses and its values.
    /// @param rule Name of the rule (ASCII), zero if there is no refusal.
    /// @param limit What the rule allows or demands; where the refusal lifts by itself, the time at which it does.
    /// @param actual What the transfer, or the wallet, has instead; or the time now.
    function explainTransfer(address from, address to, uint256 units)
        external
        view
        returns (IRevenueRight.Refusal reason, uint40 until, bytes32 rule, uint256 limit, uint256 actual);

    /// @notice Participants that hold units, counted only where the series has a cap on them; 0 for all countries together.
    function holdersIn(uint16 country) external view returns (uint256);

    /// @notice Where a description of the series is found (ERC-7572).
    function contractURI() external view returns (string memory);

    /// @notice What is attached to the series under a name (ERC-1643), as the DisclosureRegistry says; empty values if nothing is.
    function getDocument(bytes32 name) external view returns (string memory uri, bytes32 hash, uint256 modified);

    /// @notice Names under which something is attached to the series (ERC-1643).
    function getAllDocuments() external view returns (bytes32[] memory names);

    /// @notice What `holder` may claim (ERC-2222).
    function withdrawableFundsOf(address holder) external view returns (uint256);

    /// @notice Pays the caller what is claimable (ERC-2222).
    function withdrawFunds() external;

    /// @notice Who appoints those that may give orders: the access manager (ERC-173 as ERC-3643 reads it).
    function owner() external view returns (address);

    /// @notice Whether an account may give the orders that ERC-3643 reserves to agents.
    function isAgent(address account) external view returns (bool);
}
