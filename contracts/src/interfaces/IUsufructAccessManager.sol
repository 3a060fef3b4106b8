// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title What the project adds to OpenZeppelin's AccessManager.
interface IUsufructAccessManager {
    /// @notice Waiting times of a role, fixed at deployment and in force once the set-up is finished.
    /// @param role Role number.
    /// @param grant Seconds between the grant of the role and its effect.
    /// @param execution Seconds between the announcement of a call by this role and its execution.
    struct RoleDelay {
        uint64 role;
        uint32 grant;
        uint32 execution;
    }

    /// @notice An offer of the administrators' role.
    /// @param by Administrator who made it; the offer falls with their own role.
    /// @param acceptFrom Unix time from which it may be accepted, 0 if there is none.
    /// @param expires Unix time at which it lapses.
    /// @param executionDelay Seconds that the new administrator's calls wait, at least the role's own.
    struct AdminOffer {
        address by;
        uint40 acceptFrom;
        uint40 expires;
        uint32 executionDelay;
    }

    /// @notice How long administrators' changes of access wait once the set-up is finished.
    event AdminDelayFixed(uint32 delay);
    /// @notice The waiting times of a role were fixed.
    event RoleDelayFixed(uint64 indexed role, uint32 grant, uint32 execution);
    /// @notice All waiting times are in force from now on.
    event SetupFinished(address indexed by);
    /// @notice An account may become administrator by accepting.
    event AdminOffered(
        address indexed account, address indexed by, uint32 executionDelay, uint40 acceptFrom, uint40 expires
    );
    /// @notice An offer was taken back.
    event AdminOfferWithdrawn(address indexed account, address indexed by);
    /// @notice An account has become administrator.
    event AdminAccepted(address indexed account, address indexed by);

    /// @notice The account holds a role that excludes the one it was to get.
    error DutiesConflict(address account, uint64 role, uint64 held);
    /// @notice There is no such role.
    error UnknownRole(uint64 role);
    /// @notice The role belongs to a contract, and the account has no code.
    error RoleNeedsContract(uint64 role, address account);
    /// @notice A waiting time that this role must not have, or too long a one.
    error DelayNotAllowed(uint64 role, uint32 delay);
    /// @notice Administrators are not granted their role: it is offered to them, and they accept.
    error AdminMustAccept(address account);
    /// @notice The account is an administrator already.
    error AlreadyAdmin(address account);
    /// @notice Nothing is offered to the account.
    error NoAdminOffer(address account);
    /// @notice The offer may be accepted later.
    error AdminOfferWaits(address account, uint40 acceptFrom);
    /// @notice The offer has lapsed.
    error AdminOfferLapsed(address account, uint40 expired);
    /// @notice Who made the offer is no administrator any more.
    error AdminOfferVoid(address account, address by);
    /// @notice The last administrator stays until there is another.
    error LastAdmin(address account);
    /// @notice The access manager itself stays open, its functions and role administrators are fixed.
    error ManagerLocked(address manager);
    /// @notice A target stays under this manager for good.
    error AuthorityIsFixed(address target);
    /// @notice The set-up was finished before.
    error SetupIsFinished();

    /// @notice Puts all waiting times in force, for ever.
    /// @custom:access-control ADMIN
    function finishSetup() external;

    /// @notice Offers the administrators' role; it is accepted after the administrators' delay, and within 30 days then.
    /// @param account Who may accept.
    /// @param executionDelay Seconds that its calls shall wait, 0 for the role's own delay.
    /// @custom:access-control ADMIN
    function offerAdmin(address account, uint32 executionDelay) external;

    /// @notice Takes an offer back.
    /// @custom:access-control ADMIN
    function withdrawAdminOffer(address account) external;

    /// @notice Makes the caller administrator, to whom it was offered.
    function acceptAdmin() external;

    /// @notice Whether waiting times are not in force yet.
    function settingUp() external view returns (bool);

    /// @notice Seconds that administrators' changes of access wait, as fixed at deployment.
    function adminDelay() external view returns (uint32);

    /// @notice Least waiting times of a role as fixed at deployment.
    function roleDelay(uint64 role) external view returns (RoleDelay memory);

    /// @notice What is offered to an account.
    function adminOffer(address account) external view returns (AdminOffer memory);

    /// @notice Number of administrators.
    function adminCount() external view returns (uint256);

    /// @notice Roles that an account holds or will hold once a grant takes effect, one bit each.
    function rolesOf(address account) external view returns (uint256);

    /// @notice Roles that nobody may hold together with `role`, one bit each.
    function excludedBy(uint64 role) external pure returns (uint256);
}
