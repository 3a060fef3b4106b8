"""The access matrix: every function of every contract that changes state, and who may call it.

`python -m usufruct.deploy.matrix` prints docs/security/access-matrix.md; a test compares the two, so
that a new function fails until it is classified.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from usufruct.config.offices import CONTRACT_ROLES, ROLES
from usufruct.contracts import all_modules
from usufruct.deploy.access import ACCESS

__all__ = ["GUARDED", "OPEN", "matrix", "unclassified"]

OPEN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        contract: frozenset(functions.split())
        for contract, functions in {
            "DvpDesk": "cancel cancelBelow fill fillWithPermits",
            "HolderVote": "cast castFor proposeAsHolder",
            "JurisdictionPolicy": "activate liftRestriction",
            "ObjectiveDisputes": "proveLines proveOpening provePair proveReading proveRecord",
            "Offering": "deliver lapse refund subscribe withdraw withdrawOwed",
            "OperatorBond": "deposit reward",
            "OwnerVote": "cast",
            "PoolFund": "closeYear collect passThrough start",
            "ReinvestmentAccount": "spend",
            "RevenueRight": "approve batchTransfer claim claimFor push sync transfer transferFrom",
            "SeriesExtension": "close redeem withdrawFunds",
            "SeriesStandards": "permit",
            "SettlementCurrency": "approve transfer transferFrom",
            "StatementBook": "attest lapse",
            "TaxSharing": "closeYear pay",
            "TelemetryAnchor": "activateSigners anchor",
            "UsufructAccessManager": "acceptAdmin cancel execute multicall renounceRole schedule",
            "Waterfall": "fund settle withdrawOwed",
        }.items()
    }
)
"""What anyone may call, by contract; the function itself decides what the caller may do with it."""

GUARDED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "FundFactory": {
            "distribute": "its funds",
        },
        "OperatorBond": {
            "announce": "the operator",
            "withdraw": "the operator",
        },
        "ParticipantRegistry": {
            "recoverWallet": "appointed registrars",
            "register": "appointed registrars",
            "registerBatch": "appointed registrars",
            "setFrozen": "appointed registrars",
            "setFrozenBatch": "appointed registrars",
        },
        "PoolFund": {
            "admit": "the FundFactory",
            "dismiss": "the FundFactory",
            "release": "the FundFactory",
            "setPayout": "the FundFactory",
            "spend": "the FundFactory",
        },
        "ReinvestmentPocket": {
            "send": "the ReinvestmentAccount",
        },
        "RevenueRight": {
            "distribute": "the distributor",
        },
        "SeriesStandards": {
            "recover": "the ParticipantRegistry",
            "setRestricted": "the JurisdictionPolicy",
        },
        "StatementBook": {
            "consume": "the Waterfall",
            "voidProven": "the ObjectiveDisputes",
        },
        "UsufructAccessManager": {
            "consumeScheduledOp": "a target",
            "finishSetup": "admin",
            "grantRole": "admin",
            "labelRole": "admin",
            "offerAdmin": "admin",
            "revokeRole": "admin",
            "setGrantDelay": "admin",
            "setRoleAdmin": "nobody",
            "setRoleGuardian": "admin",
            "setTargetAdminDelay": "admin",
            "setTargetClosed": "admin",
            "setTargetFunctionRole": "admin",
            "withdrawAdminOffer": "admin",
        },
    }
)
"""What the contract itself keeps for one kind of caller, by contract."""


def _functions(contract: str) -> list[str]:
    module = next(each for each in all_modules() if contract == each.CONTRACT)
    return sorted(
        {
            str(entry["name"])
            for entry in module.artifact().abi
            if entry["type"] == "function" and entry["stateMutability"] in {"nonpayable", "payable"}
        }
    )


def _contracts() -> Iterator[str]:
    # OpenZeppelin's manager is only the base of the project's own.
    for module in all_modules():
        if module.CONTRACT != "AccessManager" and _functions(module.CONTRACT):
            yield module.CONTRACT


def _caller(contract: str, function: str) -> str | None:
    if function == "setAuthority":
        return "the access manager"
    office = ACCESS.get(contract, {}).get(function)
    guarded = GUARDED.get(contract, {}).get(function)
    if office or guarded:
        return office or guarded
    return "anyone" if function in OPEN.get(contract, ()) else None


def unclassified() -> list[str]:
    """Functions of which nothing is said."""
    return [
        f"{contract}.{function}"
        for contract in _contracts()
        for function in _functions(contract)
        if _caller(contract, function) is None
    ]


def matrix() -> str:
    """The document."""
    columns = [*ROLES, "anyone", "only"]
    lines = [
        "# Access matrix",
        "",
        "Generated by `python -m usufruct.deploy.matrix`. A dot is a caller who may call the function;",
        "all others are refused. Functions for anyone act for the caller or do what is due anyway.",
        "Offices of contracts are held by one contract each: "
        + ", ".join(f"{office} by {name}" for office, name in CONTRACT_ROLES.items())
        + ".",
    ]
    for contract in sorted(_contracts()):
        lines += ["", f"## {contract}", ""]
        lines.append("| function | " + " | ".join(columns) + " |")
        lines.append("|---|" + "---|" * len(columns))
        for function in _functions(contract):
            caller = _caller(contract, function) or "?"
            marks = ["•" if column == caller else "" for column in columns[:-1]]
            marks.append("" if caller in columns else caller)
            lines.append(f"| `{function}` | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(matrix())
