// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Role numbers used with OpenZeppelin's AccessManager. ADMIN is AccessManager's own role 0.
library Roles {
    /// @notice Admits, updates, freezes and releases wallets.
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
    /// @notice The contract that sells new units: places them with their buyers.
    uint64 internal constant PLACEMENT = 8;
    /// @notice The contract in which holders vote: opens snapshots of a series.
    uint64 internal constant VOTING = 9;
    /// @notice Schedules changes of the jurisdiction policy and records filings.
    uint64 internal constant POLICY = 10;
    /// @notice Manages a pool fund.
    uint64 internal constant FUND_MANAGER = 11;
    /// @notice The contract that decides disputes by proof: voids statements.
    uint64 internal constant CHAMBER = 12;
}
