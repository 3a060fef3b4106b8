// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title Creates series as clones whose terms are fixed in their code.
interface ISeriesFactory {
    /// @notice A series was created.
    event SeriesCreated(
        address indexed series, uint32 indexed stream, uint8 rank, bytes32 salt, IRevenueRight.Terms terms
    );

    /// @notice Terms have a value their field does not allow.
    error InvalidTerms(bytes32 field, uint256 value);

    /// @notice Creates a series at an address that depends only on `salt` and the terms. @custom:access-control ISSUER
    function create(IRevenueRight.Terms calldata terms, bytes32 salt) external returns (address series);

    /// @notice Address a series has or would have.
    function addressOf(IRevenueRight.Terms calldata terms, bytes32 salt) external view returns (address);

    /// @notice True if this factory made `series`.
    function isSeries(address series) external view returns (bool);
}
