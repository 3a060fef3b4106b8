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
    /// @notice The contract that decides objective disputes: voids statements with a proven fault.
    uint64 internal constant CHAMBER = 12;
}
