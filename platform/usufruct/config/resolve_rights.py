"""Participants and series: who may hold what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from usufruct.config.locate import Path
from usufruct.config.model import Project
from usufruct.config.model_rights import CLASSES, RANKS, Holder, Participant, Series
from usufruct.config.model_streams import Stream
from usufruct.config.problems import Problems
from usufruct.config.references import require_unique, stream_of
from usufruct.config.schema import ParticipantTable, SeriesTable
from usufruct.core.periods import day_bounds, day_of, period_of

__all__ = ["participants", "series"]

_EPOCH: Final = date(1970, 1, 1)
_MAX_SUPPLY: Final = 2**63 - 1
_MAX_PERIODS: Final = 2**16 - 1


def participants(
    tables: list[ParticipantTable], project: Project, problems: Problems
) -> tuple[Participant, ...]:
    """The participants of the file; what is wrong with them is noted in `problems`."""
    rows = [(("participant", index), table) for index, table in enumerate(tables)]
    require_unique((((*path, "id"), table.id) for path, table in rows), "participant id", problems)
    wallets = (
        ((*path, "wallets", index), wallet)
        for path, table in rows
        for index, wallet in enumerate(table.wallets)
    )
    require_unique(wallets, "wallet", problems)
    return tuple(
        Participant(
            id=table.id,
            name=table.name,
            country=table.country,
            class_name=table.class_,
            class_code=CLASSES[table.class_],
            kyc_until=(table.kyc_until - _EPOCH).days,
            locked_until=_end_of(table.locked_until, project),
            wallets=tuple(table.wallets),
        )
        for _, table in rows
    )


def series(
    tables: list[SeriesTable],
    streams: Mapping[str, Stream],
    people: tuple[Participant, ...],
    project: Project,
    problems: Problems,
) -> tuple[Series, ...]:
    """The series of the file; what is wrong with them is noted in `problems`."""
    rows = [(("series", index), table) for index, table in enumerate(tables)]
    require_unique((((*path, "code"), table.code) for path, table in rows), "series code", problems)
    by_wallet: dict[str, Participant] = {
        wallet: person for person in people for wallet in person.wallets
    }
    found = []
    for path, table in rows:
        stream = stream_of(path, table.stream, streams, problems)
        if stream is None:
            continue
        one = _series(table, stream, project)
        _check_term(path, one, table, project, problems)
        _check_windows(path, one, problems)
        _check_lists(path, table, problems)
        _check_holders(path, one, by_wallet, project, problems)
        found.append(one)
    return tuple(found)


def _series(table: SeriesTable, stream: Stream, project: Project) -> Series:
    first, last = (_period(month, project) for month in table.term)
    return Series(
        code=table.code,
        name=table.name,
        symbol=table.symbol,
        stream=stream.code,
        stream_id=stream.id,
        rank=table.rank,
        rank_code=RANKS[table.rank],
        term_from=first,
        term_to=last,
        decimals=table.decimals,
        class_mask=sum({1 << CLASSES[name] for name in table.classes}),
        countries=tuple(table.countries),
        min_ticket=table.min_ticket,
        locked_until=_end_of(table.locked_until, project),
        tail=table.tail,
        holder_cap=table.holder_cap,
        country_cap=table.country_cap,
        window_every=table.window_every or 0,
        window_length=table.window_length or 0,
        consent=table.consent,
        holders=tuple(Holder(holder.wallet, holder.units) for holder in table.holders),
    )


def _period(month: str, project: Project) -> int:
    """Number of the period, below 1 before the first."""
    start = day_bounds(f"{month}-01", project.timezone)[0]
    return period_of(project.first_period, start, project.timezone)


def _end_of(day: date | None, project: Project) -> int:
    """Unix time at which `day` is over, 0 for none."""
    return 0 if day is None else day_bounds(day, project.timezone)[1]


def _check_term(
    path: Path, one: Series, table: SeriesTable, project: Project, problems: Problems
) -> None:
    if one.term_from < 1:
        rule = f"a term begins with the project's first period, {project.first_period}, or later"
        problems.add((*path, "term", 0), table.term[0], rule, "move it")
    if one.term_to < one.term_from:
        rule = "a term ends in the month in which it begins, or later"
        problems.add((*path, "term", 1), table.term[1], rule, "write [first, last]")
    if one.term_to - one.term_from + 1 + one.tail > _MAX_PERIODS:
        rule = f"term and tail have at most {_MAX_PERIODS} periods together"
        problems.add((*path, "tail"), one.tail, rule, "shorten the term or the tail")


def _check_windows(path: Path, one: Series, problems: Problems) -> None:
    if (one.window_every or one.window_length) and not 0 < one.window_length < one.window_every:
        rule = "a transfer window is shorter than the time from one window to the next"
        remedy = "write window_every and a shorter window_length, or neither"
        problems.add((*path, "window_length"), one.window_length, rule, remedy)


def _check_lists(path: Path, table: SeriesTable, problems: Problems) -> None:
    for name, values in (("classes", table.classes), ("countries", table.countries)):
        entries = (((*path, name, index), value) for index, value in enumerate(values))
        require_unique(entries, f"entry of {name}", problems)
    wallets = (
        ((*path, "holders", index, "wallet"), holder.wallet)
        for index, holder in enumerate(table.holders)
    )
    require_unique(wallets, "holder of a series", problems)


def _check_holders(
    path: Path,
    one: Series,
    by_wallet: Mapping[str, Participant],
    project: Project,
    problems: Problems,
) -> None:
    holding: dict[int, int] = {}
    for index, holder in enumerate(one.holders):
        here = (*path, "holders", index)
        person = by_wallet.get(holder.wallet)
        if person is None:
            rule = "a holder is a wallet of a participant"
            remedy = "add the wallet to a [[participant]]"
            problems.add((*here, "wallet"), holder.wallet, rule, remedy)
            continue
        _check_admission(here, one, person, project, problems)
        holding[person.id] = person.country
        if holder.units < one.min_ticket:
            rule = f"at least min_ticket = {one.min_ticket}"
            problems.add((*here, "units"), holder.units, rule, "give more units, or none")
    _check_caps(path, one, Counter(holding.values()), problems)
    if one.supply > _MAX_SUPPLY:
        rule = "all units together are below 2^63"
        problems.add((*path, "holders"), one.supply, rule, "use fewer decimals")


def _check_caps(path: Path, one: Series, holding: Counter[int], problems: Problems) -> None:
    """`holding`: how many participants of each country are first holders."""
    if one.holder_cap and holding.total() > one.holder_cap:
        rule = f"{holding.total()} participants are first holders"
        problems.add((*path, "holder_cap"), one.holder_cap, rule, "raise it or choose fewer")
    for country, number in holding.items():
        if one.country_cap and number > one.country_cap:
            rule = f"{number} participants of country {country} are first holders"
            problems.add((*path, "country_cap"), one.country_cap, rule, "raise it or choose fewer")


def _check_admission(
    here: Path, one: Series, person: Participant, project: Project, problems: Problems
) -> None:
    place = (*here, "wallet")
    if not one.class_mask >> person.class_code & 1:
        rule = f"the series admits {_classes(one)} only, and participant {person.id} is not"
        problems.add(place, person.class_name, rule, "change classes or choose another holder")
    if one.countries and person.country not in one.countries:
        rule = f"the series admits countries {', '.join(map(str, one.countries))} only"
        problems.add(place, person.country, rule, "change countries or choose another holder")
    if person.kyc_until < (day_of(project.start, project.timezone) - _EPOCH).days:
        rule = f"the identity check of participant {person.id} ran out before the first period"
        problems.add(place, f"day {person.kyc_until}", rule, "renew it and correct kyc_until")


def _classes(one: Series) -> str:
    return ", ".join(name for name, code in CLASSES.items() if one.class_mask >> code & 1)
