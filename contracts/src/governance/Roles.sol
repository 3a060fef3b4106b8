// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Role numbers used with the access manager. ADMIN is AccessManager's own role 0.
/// @notice Roles 1 to 7, 10 and 11 are offices of people. Roles 8, 9 and 12 are held by one contract each, whose code
/// decides when the role acts. Which roles exclude each other is said in SeparatedDuties.
library Roles {
    /// @notice Admits, updates, freezes and releases wallets; forced transfers and recoveries on a series.
    uint64 internal constant REGISTRAR = 1;
    /// @notice Opens streams, creates and issues series, sets waterfall rules and tariffs.
    uint64 internal constant ISSUER = 2;
    /// @notice Registers meters, opens batch chains, rotates oracle signers.
    uint64 internal constant ORACLE_ADMIN = 3;
    /// @notice Mints the test currency.
    uint64 internal constant TREASURER = 4;
    /// @notice Stops new data and transfers, never claims.
    uint64 internal constant PAUSER = 5;
    /// @notice Resolves disputes.
    uint64 internal constant GUARDIAN = 6;
    /// @notice Opens disputes.
    uint64 internal constant AUDITOR = 7;
    /// @notice The Offering contract: delivers units of a series to subscribers.
    uint64 internal constant PLACEMENT = 8;
    /// @notice The HolderVote contract: opens snapshots of a series.
    uint64 internal constant VOTING = 9;
    /// @notice Sets the jurisdiction policy of projects and records filings.
    uint64 internal constant POLICY = 10;
    /// @notice Buys and sells series for a pool fund and closes its fiscal years.
    uint64 internal constant FUND_MANAGER = 11;
    /// @notice The ObjectiveDisputes contract: voids statements proven wrong. Opens no function, for the book knows it by
    /// its address; held, so that it excludes every other role.
    uint64 internal constant CHAMBER = 12;
}
