// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IUsufructAccessManager} from "../interfaces/IUsufructAccessManager.sol";
import {Roles} from "./Roles.sol";
import {SeparatedDuties} from "./SeparatedDuties.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title UsufructAccessManager
/// @notice DUTY. Decides who may call which restricted function of the project. OpenZeppelin's AccessManager does the
/// deciding; this contract adds what an auditor asks of the offices.
///
/// SEPARATED DUTIES. Roles are the thirteen of the project. A grant to an account that holds an excluding role is
/// refused, whoever makes it and however it comes about; a grant that is still waiting counts as held. Roles of
/// contracts go to addresses with code. One person with two addresses is beyond what a chain can see: the register of
/// offices is public, and naming the persons behind it is a matter of the filing.
///
/// ADMINISTRATORS. The role is offered and must be accepted by the new holder, so that it cannot be lost to a mistyped
/// address. The offer waits for the administrators' delay, lapses, and falls with the role of who made it. The last
/// administrator can neither leave nor be removed.
///
/// DELAYS. Fixed at deployment, in force once `finishSetup` was called, so that a deployment can wire its contracts in
/// one go and nothing afterwards is changed unseen. The administrators' delay holds for opening functions to roles and for
/// closing targets; a grant of a role waits for the role's own grant delay; calls of a role
/// with an execution delay are announced first (AccessManager.schedule). What OpenZeppelin's setters add can be longer,
/// never shorter. Removing a role does not wait. The guardians may cancel what other roles have announced.
///
/// TRUST. Administrators decide who holds an office and, after their delay, which office may call what. They cannot
/// suspend the separation, which is code, nor put a target under another manager.
contract UsufructAccessManager is IUsufructAccessManager, AccessManager {
    /* CONSTANTS */

    uint32 private constant MAX_DELAY = 90 days;
    uint40 private constant OFFER_LIFETIME = 30 days;

    uint32 private immutable ADMIN_DELAY;

    /* STORAGE */

    bool private _finished;
    uint64 private _admins;
    mapping(address account => uint256) private _held;
    mapping(address account => AdminOffer) private _offers;
    mapping(uint64 role => RoleDelay) private _delays;

    /* CONSTRUCTOR */

    constructor(address initialAdmin, uint32 adminDelay_, RoleDelay[] memory delays) AccessManager(initialAdmin) {
        if (adminDelay_ > MAX_DELAY) revert DelayNotAllowed(ADMIN_ROLE, adminDelay_);
        ADMIN_DELAY = adminDelay_;
        emit AdminDelayFixed(adminDelay_);
        for (uint256 i; i < delays.length; ++i) {
            _fixDelay(delays[i]);
        }
        for (uint64 role = 1; role < SeparatedDuties.COUNT; ++role) {
            if (SeparatedDuties.DELAYABLE & 1 << role != 0) _setRoleGuardian(role, Roles.GUARDIAN);
        }
    }

    /* SET-UP */

    /// @inheritdoc IUsufructAccessManager
    function finishSetup() external onlyAuthorized {
        if (_finished) revert SetupIsFinished();
        _finished = true;
        emit SetupFinished(_msgSender());
    }

    /* ADMINISTRATORS */

    /// @inheritdoc IUsufructAccessManager
    function offerAdmin(address account, uint32 executionDelay) external onlyAuthorized {
        if (_holds(account, ADMIN_ROLE)) revert AlreadyAdmin(account);
        if (executionDelay > MAX_DELAY) revert DelayNotAllowed(ADMIN_ROLE, executionDelay);
        _requireSeparated(account, ADMIN_ROLE);
        uint40 acceptFrom = uint40(block.timestamp) + _adminDelay();
        uint40 expires = acceptFrom + OFFER_LIFETIME;
        // Through `execute` the caller is this contract, which stands for an administrator whatever becomes of them.
        _offers[account] = AdminOffer(_msgSender(), acceptFrom, expires, executionDelay);
        emit AdminOffered(account, _msgSender(), executionDelay, acceptFrom, expires);
    }

    /// @inheritdoc IUsufructAccessManager
    function withdrawAdminOffer(address account) external onlyAuthorized {
        if (_offers[account].acceptFrom == 0) revert NoAdminOffer(account);
        delete _offers[account];
        emit AdminOfferWithdrawn(account, _msgSender());
    }

    /// @inheritdoc IUsufructAccessManager
    function acceptAdmin() external {
        address account = _msgSender();
        AdminOffer memory offer = _offers[account];
        if (offer.acceptFrom == 0) revert NoAdminOffer(account);
        if (block.timestamp < offer.acceptFrom) revert AdminOfferWaits(account, offer.acceptFrom);
        if (block.timestamp >= offer.expires) revert AdminOfferLapsed(account, offer.expires);
        if (offer.by != address(this) && !_holds(offer.by, ADMIN_ROLE)) revert AdminOfferVoid(account, offer.by);
        delete _offers[account];
        _grantRole(ADMIN_ROLE, account, 0, offer.executionDelay);
        emit AdminAccepted(account, offer.by);
    }

    /// @notice As in AccessManager, but for administrators, who accept their role.
    function grantRole(uint64 roleId, address account, uint32 executionDelay) public override onlyAuthorized {
        if (roleId == ADMIN_ROLE && !_holds(account, ADMIN_ROLE)) revert AdminMustAccept(account);
        if (executionDelay != 0) _requireDelayable(roleId, executionDelay);
        _grantRole(roleId, account, getRoleGrantDelay(roleId), executionDelay);
    }

    /// @notice Refused: under another manager a target would leave the separation of duties.
    function updateAuthority(address target, address) public pure override {
        revert AuthorityIsFixed(target);
    }

    /* VIEWS */

    /// @notice As in AccessManager, with the role's execution delay as the least.
    function hasRole(uint64 roleId, address account)
        public
        view
        override
        returns (bool isMember, uint32 executionDelay)
    {
        (isMember, executionDelay) = super.hasRole(roleId, account);
        if (_finished) executionDelay = _longer(executionDelay, _delays[roleId].execution);
    }

    /// @notice As in AccessManager, with the role's grant delay as the least.
    function getRoleGrantDelay(uint64 roleId) public view override returns (uint32) {
        uint32 delay = super.getRoleGrantDelay(roleId);
        return _finished ? _longer(delay, _delays[roleId].grant) : delay;
    }

    /// @notice As in AccessManager, with the administrators' delay as the least.
    function getTargetAdminDelay(address target) public view override returns (uint32) {
        return _longer(super.getTargetAdminDelay(target), _adminDelay());
    }

    /// @inheritdoc IUsufructAccessManager
    function settingUp() external view returns (bool) {
        return !_finished;
    }

    /// @inheritdoc IUsufructAccessManager
    function adminDelay() external view returns (uint32) {
        return ADMIN_DELAY;
    }

    /// @inheritdoc IUsufructAccessManager
    function roleDelay(uint64 role) external view returns (RoleDelay memory delay) {
        delay = _delays[role];
        delay.role = role;
    }

    /// @inheritdoc IUsufructAccessManager
    function adminOffer(address account) external view returns (AdminOffer memory) {
        return _offers[account];
    }

    /// @inheritdoc IUsufructAccessManager
    function adminCount() external view returns (uint256) {
        return _admins;
    }

    /// @inheritdoc IUsufructAccessManager
    function rolesOf(address account) external view returns (uint256) {
        return _held[account];
    }

    /// @inheritdoc IUsufructAccessManager
    function excludedBy(uint64 role) external pure returns (uint256) {
        return SeparatedDuties.excludedBy(role);
    }

    /* GRANTS */

    /// @dev Every way to a role leads through here, the constructor's too.
    function _grantRole(uint64 roleId, address account, uint32 grantDelay, uint32 executionDelay)
        internal
        override
        returns (bool newMember)
    {
        _requireKnown(roleId);
        if (SeparatedDuties.CONTRACTS & 1 << roleId != 0 && account.code.length == 0) {
            revert RoleNeedsContract(roleId, account);
        }
        _requireSeparated(account, roleId);
        newMember = super._grantRole(roleId, account, grantDelay, executionDelay);
        if (!newMember) return false;
        _held[account] |= 1 << roleId;
        if (roleId == ADMIN_ROLE) ++_admins;
    }

    /// @dev Every way out of a role leads through here.
    function _revokeRole(uint64 roleId, address account) internal override returns (bool revoked) {
        if (roleId == ADMIN_ROLE && _admins == 1 && _holds(account, ADMIN_ROLE)) revert LastAdmin(account);
        revoked = super._revokeRole(roleId, account);
        if (!revoked) return false;
        _held[account] &= ~(1 << roleId);
        if (roleId == ADMIN_ROLE) --_admins;
    }

    function _requireSeparated(address account, uint64 role) private view {
        uint256 conflict = _held[account] & SeparatedDuties.excludedBy(role);
        for (uint64 held; conflict != 0; ++held) {
            if (conflict & 1 << held != 0) revert DutiesConflict(account, role, held);
        }
    }

    /* FIXED PARTS */

    /// @dev Administrators alone grant: with another grantor the delays could be gone around.
    function _setRoleAdmin(uint64, uint64) internal view override {
        revert ManagerLocked(address(this));
    }

    function _setRoleGuardian(uint64 roleId, uint64 guardian) internal override {
        _requireKnown(roleId);
        _requireKnown(guardian);
        super._setRoleGuardian(roleId, guardian);
    }

    /// @dev No function is opened to everyone or to a role outside the table: either would undo the separation.
    function _setTargetFunctionRole(address target, bytes4 selector, uint64 roleId) internal override {
        if (target == address(this)) revert ManagerLocked(target);
        _requireKnown(roleId);
        super._setTargetFunctionRole(target, selector, roleId);
    }

    function _setTargetClosed(address target, bool closed) internal override {
        if (target == address(this)) revert ManagerLocked(target);
        super._setTargetClosed(target, closed);
    }

    /* HELPERS */

    function _fixDelay(RoleDelay memory delay) private {
        _requireKnown(delay.role);
        if (delay.grant > MAX_DELAY) revert DelayNotAllowed(delay.role, delay.grant);
        // Administrators wait before they accept, not after.
        if (delay.role == ADMIN_ROLE && delay.grant != 0) revert DelayNotAllowed(delay.role, delay.grant);
        if (delay.execution != 0) _requireDelayable(delay.role, delay.execution);
        _delays[delay.role] = delay;
        emit RoleDelayFixed(delay.role, delay.grant, delay.execution);
    }

    function _requireDelayable(uint64 role, uint32 delay) private pure {
        _requireKnown(role);
        if (SeparatedDuties.DELAYABLE & 1 << role == 0 || delay > MAX_DELAY) revert DelayNotAllowed(role, delay);
    }

    function _requireKnown(uint64 role) private pure {
        if (role >= SeparatedDuties.COUNT) revert UnknownRole(role);
    }

    function _holds(address account, uint64 role) private view returns (bool) {
        return _held[account] & 1 << role != 0;
    }

    /// @dev The administrators' delay in force.
    function _adminDelay() private view returns (uint32) {
        return _finished ? ADMIN_DELAY : 0;
    }

    function _longer(uint32 left, uint32 right) private pure returns (uint32) {
        return left > right ? left : right;
    }
}
