"""From the tables of a file to the resolved Community.

References, units, times, and the rules between tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from types import MappingProxyType
from typing import Final

from usufruct.config.duties import excluded
from usufruct.config.locate import Path
from usufruct.config.model import (
    Community,
    Delays,
    DevReference,
    Jurisdiction,
    Oracle,
    Project,
    Votes,
)
from usufruct.config.offices import PEOPLE_ROLES
from usufruct.config.problems import Problems
from usufruct.config.resolve_meters import meters
from usufruct.config.resolve_offerings import offerings, require_offered
from usufruct.config.resolve_rights import participants, series
from usufruct.config.resolve_streams import streams
from usufruct.config.resolve_waterfalls import waterfalls
from usufruct.config.schema import CommunityTable, OracleTable, RolesTable, VotesTable
from usufruct.contracts import Address
from usufruct.keys import dev_address
from usufruct.money import Currency

__all__ = ["resolve"]

_MAX_DELAY: Final = 2**40 - 1
_HOUR: Final = 3_600
_DAY: Final = 86_400
_MAX_OFFICE_DELAY: Final = 90 * _DAY
_MODES: Final = ("open", "filing", "evidence")


def resolve(
    table: CommunityTable,
    problems: Problems,
    dev_references: tuple[DevReference, ...],
    lines: Mapping[str, int],
    file: str,
) -> Community:
    """The community of `table`.

    Raises:
        ConfigErrors: Tables contradict each other; all contradictions that were found.
    """
    project = Project(**table.project.model_dump())
    currency = Currency(table.currency.code, table.currency.decimals)
    found = streams(table.stream, project, currency, problems)
    by_code = {stream.code: stream for stream in found}
    people = participants(table.participant, project, problems)
    rights = series(table.series, by_code, people, project, problems)
    offered = offerings(table.offering, rights, project, currency, problems)
    require_offered(rights, offered, problems)
    community = Community(
        file=file,
        project=project,
        currency=currency,
        currency_name=table.currency.name,
        delays=_delays(table, problems),
        roles=_roles(table.roles, problems),
        oracle=_oracle(table.oracle, problems),
        votes=_votes(table.votes, problems),
        jurisdiction=Jurisdiction(
            _MODES.index(table.jurisdiction.mode), table.jurisdiction.cool_off
        ),
        streams=found,
        meters=meters(table, by_code, project, problems),
        participants=people,
        series=rights,
        offerings=offered,
        waterfalls=waterfalls(
            table.waterfall,
            by_code,
            rights,
            {each.series for each in table.offering},
            currency,
            problems,
        ),
        dev_accounts=_dev_accounts(dev_references),
        dev_references=dev_references,
        lines=MappingProxyType(dict(lines)),
    )
    problems.raise_if_any()
    return community


def _delays(table: CommunityTable, problems: Problems) -> Delays:
    given = table.delays
    for name, seconds in (("signers", given.signers), ("rules", given.rules)):
        if seconds > _MAX_DELAY:
            problems.add(("delays", name), seconds, "seconds must fit 40 bits", "shorten it")
    _short(("delays", "admin"), given.admin, problems)
    for kind, delays in (("grant", given.grant), ("execution", given.execution)):
        for office, seconds in delays.items():
            _short(("delays", kind, office), seconds, problems)
    return Delays(
        given.signers,
        given.rules,
        given.admin,
        MappingProxyType({str(office): seconds for office, seconds in given.grant.items()}),
        MappingProxyType({str(office): seconds for office, seconds in given.execution.items()}),
        given.policy,
        given.bond,
    )


def _votes(given: VotesTable, problems: Problems) -> Votes:
    limits = (
        ("holders", given.holders, _HOUR, 90 * _DAY),
        ("approval", given.approval, 1, 365 * _DAY),
        ("owners", given.owners, _HOUR, 180 * _DAY),
        ("proposal", given.proposal, 1, 10_000),
    )
    for name, value, least, most in limits:
        if not least <= value <= most:
            problems.add(("votes", name), value, f"from {least} to {most}", "change it")
    return Votes(
        given.holders, given.approval, given.proposal, given.quorum, given.majority, given.owners
    )


def _short(path: Path, seconds: int, problems: Problems) -> None:
    """The access manager takes no longer delays."""
    if seconds > _MAX_OFFICE_DELAY:
        problems.add(path, seconds, "at most 90 days", "shorten it")


def _roles(table: RolesTable, problems: Problems) -> Mapping[str, tuple[Address, ...]]:
    roles = {}
    for role in PEOPLE_ROLES:
        accounts: list[Address] = getattr(table, role)
        _distinct(accounts, ("roles", role), "account", problems)
        roles[role] = tuple(accounts)
    _separated(roles, problems)
    return MappingProxyType(roles)


def _separated(roles: Mapping[str, tuple[Address, ...]], problems: Problems) -> None:
    """No account holds two offices that exclude each other."""
    for first, second in combinations(roles, 2):
        if not excluded(first, second):
            continue
        for index, account in enumerate(roles[second]):
            if account in roles[first]:
                problems.add(
                    ("roles", second, index),
                    account,
                    f"{second} and {first} are separated duties: nobody holds both",
                    f"name another account for {second} or for {first}",
                )


def _oracle(table: OracleTable, problems: Problems) -> Oracle:
    _distinct(table.signers, ("oracle", "signers"), "signer", problems)
    count = len(table.signers)
    if table.threshold > count:
        problems.add(
            ("oracle", "threshold"),
            table.threshold,
            f"from 1 to {count}, the number of signers",
            "lower the threshold or add signers",
        )
    return Oracle(table.threshold, tuple(sorted(table.signers, key=lambda each: int(each, 16))))


def _distinct(values: Iterable[str], path: Path, what: str, problems: Problems) -> None:
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            rule = f"each {what} is named once"
            problems.add((*path, index), value, rule, "remove the repetition")
        seen.add(value)


def _dev_accounts(references: tuple[DevReference, ...]) -> Mapping[str, int]:
    numbers = (int(each.value.removeprefix("dev:")) for each in references if each.value != "dev")
    return MappingProxyType({str(dev_address(number)): number for number in numbers})
