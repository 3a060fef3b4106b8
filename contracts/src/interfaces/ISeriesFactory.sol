// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueRight} from "./IRevenueRight.sol";

/// @title Creates series as clones whose terms are fixed in their code.
interface ISeriesFactory {
    /// @notice A series was created.
    event SeriesCreated(
        address indexed series, uint32 indexed stream, uint8 rank, bytes32 salt, IRevenueRight.Terms terms
    );
    /// @notice A stream's income of one rank, from `from` to `to`, was divided among consecutive series.
    event StripsCreated(uint32 indexed stream, uint8 indexed rank, uint32 from, uint32 to, address[] series);
    /// @notice The jurisdiction policy that governs all series was named.
    event PolicySet(address indexed policy);
    /// @notice The registry of the series' documents was named.
    event DisclosuresSet(address indexed disclosures);
    /// @notice Where the descriptions of the series are found (ERC-7572).
    event BaseURISet(string baseURI);

    /// @notice Terms have a value their field does not allow.
    error InvalidTerms(bytes32 field, uint256 value);
    /// @notice A strip does not continue the one before it: `field` differs from what it must be.
    error NotConsecutive(uint256 strip, bytes32 field, uint256 value, uint256 expected);
    /// @notice One strip divides nothing.
    error TooFewStrips(uint256 strips);
    /// @notice The policy was named already, or governs another factory.
    error InvalidPolicy(address policy);
    /// @notice The policy restricts from its beginning, and there are series already, which are not marked.
    error PolicyTooLate(address policy, uint256 series);
    /// @notice The registry of documents was named already.
    error DisclosuresAlreadySet(address disclosures);

    /// @notice Creates a series at an address that depends only on `salt` and the terms. @custom:access-control ISSUER
    function create(IRevenueRight.Terms calldata terms, bytes32 salt) external returns (address series);

    /// @notice Creates consecutive series of one stream and rank, without a gap or overlap: each period belongs to exactly
    /// one. Only the last may have a tail. @custom:access-control ISSUER
    function createStrips(IRevenueRight.Terms[] calldata terms, bytes32 salt) external returns (address[] memory series);

    /// @notice Names the jurisdiction policy, once; one that restricts from its beginning before the first series.
    /// @custom:access-control ADMIN
    function setPolicy(address policy) external;

    /// @notice Names the registry that keeps the documents of the series, once. @custom:access-control ADMIN
    function setDisclosures(address disclosures) external;

    /// @notice Sets where the descriptions of the series are found. @custom:access-control ISSUER
    function setBaseURI(string calldata baseURI) external;

    /// @notice Address a series has or would have.
    function addressOf(IRevenueRight.Terms calldata terms, bytes32 salt) external view returns (address);

    /// @notice True if this factory made `series`.
    function isSeries(address series) external view returns (bool);

    /// @notice Number of series made.
    function seriesCount() external view returns (uint256);

    /// @notice Jurisdiction policy; 0 if units may move as far as the jurisdiction is concerned.
    function policy() external view returns (address);

    /// @notice Registry that keeps the documents of the series; 0 until it is named.
    function disclosures() external view returns (address);

    /// @notice What a series' address is appended to for its description.
    function baseURI() external view returns (string memory);
}
