"""Sentences for the errors of the AccessManager and of offices."""

from __future__ import annotations

from typing import Final

__all__ = ["ACCESS", "OFFICES"]

ACCESS: Final = {
    "AccessManagedUnauthorized(address)": (
        "{caller} does not hold the office this function needs",
        "sign with an account of that office, or grant it in [roles] and run usufruct apply",
    ),
    "AccessManagedRequiredDelay(address,uint32)": (
        "{caller} may call this only {delay} s after announcing it",
        "schedule the call with AccessManager and execute it after the delay",
    ),
    "AccessManagedInvalidAuthority(address)": (
        "{authority} is not a contract and cannot decide on access",
        "name an AccessManager",
    ),
    "AccessManagerUnauthorizedAccount(address,uint64)": (
        "{msgsender} does not hold role {role_id} of the AccessManager",
        "sign with an account of that role; 0 is the administrators'",
    ),
    "AccessManagerUnauthorizedCall(address,address,bytes4)": (
        "{caller} may not call {selector!h} of {target} through the AccessManager",
        "sign with an account of the office, or grant it first",
    ),
    "AccessManagerUnauthorizedCancel(address,address,address,bytes4)": (
        "{msgsender} may not cancel what {caller} scheduled, {selector!h} of {target}",
        "let the one who scheduled it, an administrator or its guardian cancel it",
    ),
    "AccessManagerUnauthorizedConsume(address)": (
        "{target} is not consuming a scheduled operation",
        "call the AccessManager's execute instead",
    ),
    "AccessManagerAlreadyScheduled(bytes32)": (
        "operation {operation_id!h} is scheduled already",
        "wait for it, or cancel it first",
    ),
    "AccessManagerNotScheduled(bytes32)": (
        "operation {operation_id!h} is not scheduled",
        "schedule it first",
    ),
    "AccessManagerNotReady(bytes32)": (
        "operation {operation_id!h} still waits for its delay",
        "execute it later",
    ),
    "AccessManagerExpired(bytes32)": (
        "operation {operation_id!h} was not executed in time and has expired",
        "schedule it again",
    ),
    "AccessManagerBadConfirmation()": (
        "an account can renounce its own role only",
        "sign with the account that renounces",
    ),
    "AccessManagerInvalidInitialAdmin(address)": (
        "{initial_admin} cannot be the first administrator",
        "deploy with an account as administrator",
    ),
    "AccessManagerLockedFunction(bytes4)": (
        "function {selector!h} of the AccessManager has fixed access",
        "leave it as it is",
    ),
    "AccessManagerLockedRole(uint64)": (
        "role {role_id} of the AccessManager is fixed",
        "grant one of the project's offices",
    ),
    "NotAuthorized(address,bytes4)": (
        "{caller} does not hold the office that function {selector!h} of a series needs",
        "sign with an account of that office, or grant it in [roles] and run usufruct apply",
    ),
}

OFFICES: Final = {
    "DutiesConflict(address,uint64,uint64)": (
        "{account} holds role {held} and cannot get role {role}: the two are separated duties",
        "name another account for one of the two offices",
    ),
    "UnknownRole(uint64)": (
        "there is no role {role}",
        "grant one of the project's offices",
    ),
    "RoleNeedsContract(uint64,address)": (
        "role {role} belongs to a contract, and {account} has no code",
        "leave it to usufruct apply, which grants it to the contract",
    ),
    "DelayNotAllowed(uint64,uint32)": (
        "role {role} cannot wait {delay} s",
        "choose at most 90 days; roles that stop, freeze or judge act at once",
    ),
    "AdminMustAccept(address)": (
        "{account} cannot be made an administrator without its consent",
        "offer it the role; it accepts by itself",
    ),
    "AlreadyAdmin(address)": (
        "{account} is an administrator already",
        "nothing is to be done",
    ),
    "NoAdminOffer(address)": (
        "{account} was not offered the administrators' role",
        "let an administrator offer it",
    ),
    "AdminOfferWaits(address,uint40)": (
        "{account} may accept the administrators' role from {accept_from!t}",
        "accept it then",
    ),
    "AdminOfferLapsed(address,uint40)": (
        "the offer to {account} lapsed on {expired!t}",
        "let an administrator offer it anew",
    ),
    "AdminOfferVoid(address,address)": (
        "the offer to {account} was made by {by}, who is no administrator any more",
        "let an administrator offer it anew",
    ),
    "LastAdmin(address)": (
        "{account} is the last administrator",
        "let another account accept the role first",
    ),
    "ManagerLocked(address)": (
        "access to the manager {manager} itself cannot be changed",
        "leave it as it is",
    ),
    "SetupIsFinished()": (
        "the set-up was finished before",
        "nothing is to be done",
    ),
    "UnknownDocument(bytes32,bytes32)": (
        "nothing is attached to {subject!h} under the name {document!f}",
        "look up the names that are attached",
    ),
    "UnknownVersion(bytes32,bytes32,uint256)": (
        "document {document!f} of {subject!h} has no version {version}",
        "ask for a version from 1 to the number of its versions",
    ),
    "InvalidDocument(bytes32,bytes32,bytes32,uint256)": (
        "document {document!f} cannot be attached to {subject!h}: {field!f} = {value} is not allowed",
        "correct this field",
    ),
}
