"""The access matrix for real: every guarded function of every deployed contract is called by everybody.

An access error must come for exactly those who may not. Whatever else a call with empty arguments runs
into shows that the caller was let in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.integration.deploy.conftest import Town

from usufruct.config.offices import CONTRACT_ROLES
from usufruct.contracts import Address, Call, ContractError, all_modules
from usufruct.contracts import fund_factory as ff
from usufruct.contracts._runtime import encode
from usufruct.core.keccak import keccak256
from usufruct.deploy.access import ACCESS
from usufruct.deploy.matrix import GUARDED
from usufruct.deploy.record import CONTRACTS, artifact_name
from usufruct.errors import ChainError
from usufruct.keys import dev_address

OFFICES: Final = (
    ('registrar = ["dev:0"]', 'registrar = ["dev:16"]'),
    ('issuer = ["dev:0"]', 'issuer = ["dev:17"]'),
    ('guardian = ["dev:2"]', 'guardian = ["dev:18"]'),
    ('policy = ["dev:3"]', 'policy = ["dev:19"]'),
)
"""Each office has an account of its own."""
REFUSALS: Final = {
    "AccessManagedUnauthorized",
    "AccessManagerUnauthorizedAccount",
    "ManagerLocked",
    "NotAuthorized",
    "NotChamber",
    "NotDistributor",
    "NotFactory",
    "NotPolicy",
    "NotRegistrar",
    "NotRegistry",
    "NotWaterfall",
}
SERIES: Final = ("RevenueRight", "SeriesExtension", "SeriesStandards")
CONTRACT_CALLERS: Final = {
    "the FundFactory": {"FundFactory"},
    "the distributor": {"Waterfall"},
    "the ParticipantRegistry": {"ParticipantRegistry"},
    "the JurisdictionPolicy": {"JurisdictionPolicy", "SeriesFactory"},
    "the Waterfall": {"Waterfall"},
    "the ObjectiveDisputes": {"ObjectiveDisputes"},
    "its funds": set[str](),
    "nobody": set[str](),
}
"""Who is meant by the words of the matrix; the factory marks a series when it creates it."""
LEFT_OUT: Final = {
    # Operators are parties, not offices: contracts/test/disputes/Bond.t.sol.
    "OperatorBond.announce",
    "OperatorBond.withdraw",
    "ReinvestmentPocket",  # made by the first spending: contracts/test/distribution/Reinvestment.t.sol
    "UsufructAccessManager.consumeScheduledOp",  # OpenZeppelin's, for contracts in the midst of a call
}


@dataclass(frozen=True)
class Guarded:
    """One function at one address, and the callers that may use it."""

    place: str
    where: Address
    name: str
    call: Call[None]
    allowed: frozenset[Address]


def test_access_errors_come_for_exactly_those_who_may_not(
    start_town: Callable[..., Town],
) -> None:
    town = start_town("--accounts", "20")
    town.apply(*OFFICES)
    people = {office: set(held) for office, held in town.file(*OFFICES).roles.items()}
    assert len(set.union(*people.values())) == len(people)
    found = town.deployment
    offices = people | {office: {found.address(name)} for office, name in CONTRACT_ROLES.items()}
    callers = set.union(*offices.values()) | set(found.contracts.values()) | {dev_address(99)}
    functions = list(guarded(town, offices))
    wrong = [
        (each.place, each.name, caller, outcome)
        for each in functions
        for caller in sorted(callers)
        if refused(each, outcome := outcome_of(town, each, caller)) == (caller in each.allowed)
    ]
    assert wrong == []
    assert {each.place for each in functions} >= {artifact_name(name) for name in ACCESS}
    assert len(functions) * len(callers) > 3_000


def refused(function: Guarded, outcome: str) -> bool:
    """Whether an outcome means that this caller may not."""
    # Its funds may distribute; in the manager's functions the same word is about an argument.
    not_a_fund = function.name == "distribute" and outcome == "NotFund"
    return outcome in REFUSALS or not_a_fund


def guarded(town: Town, offices: dict[str, set[Address]]) -> Iterator[Guarded]:
    """All guarded functions at the addresses where they are deployed."""
    for contract in sorted({*ACCESS, *GUARDED} - LEFT_OUT):
        for where in places(town, contract):
            for name, who in {**ACCESS.get(contract, {}), **GUARDED.get(contract, {})}.items():
                if f"{contract}.{name}" in LEFT_OUT:
                    continue
                for call in calls(contract, name):
                    yield Guarded(contract, where, name, call, allowed(town, offices, who))


def places(town: Town, contract: str) -> list[Address]:
    """Where a contract is deployed."""
    found = town.deployment
    if contract in SERIES:
        return [next(iter(found.series.values()))]
    if contract == "PoolFund":
        return [town.client.call(found.address("FundFactory"), ff.implementation())]
    return [found.address(name) for name in CONTRACTS if artifact_name(name) == contract]


def allowed(town: Town, offices: dict[str, set[Address]], who: str) -> frozenset[Address]:
    """The accounts behind a word of the matrix."""
    if who == "appointed registrars":
        return frozenset(offices["registrar"])
    if who in CONTRACT_CALLERS:
        return frozenset(town.deployment.address(name) for name in CONTRACT_CALLERS[who])
    return frozenset(offices[who])


def calls(contract: str, name: str) -> Iterator[Call[None]]:
    """Calls of a function with empty arguments, one for each of its overloads."""
    module = next(each for each in all_modules() if contract == each.CONTRACT)
    for entry in module.artifact().abi:
        if entry["type"] != "function" or entry["name"] != name:
            continue
        types = [kind(each) for each in entry["inputs"]]
        selector = keccak256(f"{name}({','.join(types)})".encode())[:4]
        values = [empty(each) for each in entry["inputs"]]
        yield Call(contract, name, encode(types, values, selector), "nonpayable", _ignore)


def kind(parameter: dict[str, Any]) -> str:
    """Type of a parameter with structs written out."""
    plain = str(parameter["type"])
    if not plain.startswith("tuple"):
        return plain
    inner = ",".join(kind(each) for each in parameter["components"])
    return f"({inner}){plain.removeprefix('tuple')}"


def empty(parameter: dict[str, Any]) -> object:
    """The least value of a parameter."""
    plain = str(parameter["type"])
    if plain.endswith("[]"):
        return []
    if plain == "tuple":
        return tuple(empty(each) for each in parameter["components"])
    if plain.startswith("bytes"):
        return bytes(int(plain.removeprefix("bytes") or 0))
    return {"address": "0x" + "00" * 20, "bool": False, "string": ""}.get(plain, 0)


def outcome_of(town: Town, function: Guarded, caller: Address) -> str:
    """Name of the error of a call, nothing if it passes."""
    try:
        town.client.call(function.where, function.call, sender=caller)
    except ContractError as error:
        return error.NAME
    except ChainError:
        return "without words"  # a revert, but no access error
    return ""


def _ignore(_: bytes) -> None:
    """What a call returns matters to nobody here."""
