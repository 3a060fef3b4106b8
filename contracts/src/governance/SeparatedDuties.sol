// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "./Roles.sol";

/// @title Which roles one address may not hold together.
/// @notice Four lines are drawn. Who measures does not gain by what is measured: ORACLE_ADMIN is apart from the issuer,
/// the treasurer and the fund manager. Who checks is not checked by itself: GUARDIAN and AUDITOR are apart from those
/// whose statements they judge, and from each other, since one opens the disputes which the other resolves. Who admits
/// people does not handle their money: REGISTRAR is apart from TREASURER and FUND_MANAGER. Who appoints does not
/// control: ADMIN cannot give itself an office that watches the others or touches money.
/// PAUSER goes with every office of people, because it can only stop. Roles of contracts go with none.
/// @dev The masks are symmetric; a test proves it, and another compares them with the platform's own table.
library SeparatedDuties {
    /// @notice One more than the highest role.
    uint64 internal constant COUNT = 13;

    /// @notice Roles held by one contract each.
    uint256 internal constant CONTRACTS = 1 << Roles.PLACEMENT | 1 << Roles.VOTING | 1 << Roles.CHAMBER;

    /// @notice Roles whose functions may be made to wait after their announcement. Stopping, freezing, disputing and
    /// resolving must not wait, and series and funds take immediate calls only.
    uint256 internal constant DELAYABLE = ADMIN | ORACLE_ADMIN | TREASURER | POLICY;

    uint256 private constant ADMIN = 1;
    uint256 private constant REGISTRAR = 1 << Roles.REGISTRAR;
    uint256 private constant ISSUER = 1 << Roles.ISSUER;
    uint256 private constant ORACLE_ADMIN = 1 << Roles.ORACLE_ADMIN;
    uint256 private constant TREASURER = 1 << Roles.TREASURER;
    uint256 private constant GUARDIAN = 1 << Roles.GUARDIAN;
    uint256 private constant AUDITOR = 1 << Roles.AUDITOR;
    uint256 private constant POLICY = 1 << Roles.POLICY;
    uint256 private constant FUND_MANAGER = 1 << Roles.FUND_MANAGER;
    uint256 private constant ALL = (1 << COUNT) - 1;

    /// @notice The roles that exclude `role`, one bit each; for a role that does not exist, all of them.
    function excludedBy(uint64 role) internal pure returns (uint256) {
        if (role >= COUNT) return ALL;
        if (CONTRACTS & 1 << role != 0) return ALL ^ 1 << role;
        return CONTRACTS | _people(role);
    }

    function _people(uint64 role) private pure returns (uint256) {
        if (role == 0) return ORACLE_ADMIN | TREASURER | GUARDIAN | AUDITOR | POLICY | FUND_MANAGER;
        if (role == Roles.REGISTRAR) return TREASURER | AUDITOR | FUND_MANAGER;
        if (role == Roles.ISSUER) return ORACLE_ADMIN | TREASURER | GUARDIAN | AUDITOR | POLICY | FUND_MANAGER;
        if (role == Roles.ORACLE_ADMIN) return ADMIN | ISSUER | TREASURER | GUARDIAN | AUDITOR | FUND_MANAGER;
        if (role == Roles.TREASURER) return ADMIN | REGISTRAR | ISSUER | ORACLE_ADMIN | AUDITOR | FUND_MANAGER;
        if (role == Roles.GUARDIAN) return ADMIN | ISSUER | ORACLE_ADMIN | AUDITOR | FUND_MANAGER;
        if (role == Roles.AUDITOR) {
            return ADMIN | REGISTRAR | ISSUER | ORACLE_ADMIN | TREASURER | GUARDIAN | FUND_MANAGER;
        }
        if (role == Roles.POLICY) return ADMIN | ISSUER | FUND_MANAGER;
        if (role == Roles.FUND_MANAGER) {
            return ADMIN | REGISTRAR | ISSUER | ORACLE_ADMIN | TREASURER | GUARDIAN | AUDITOR | POLICY;
        }
        return 0; // PAUSER
    }
}
