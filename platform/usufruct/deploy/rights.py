"""Stage 7: series created, issued to their first holders, sealed once nothing more is offered of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from usufruct.config import Series
from usufruct.contracts import Address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts.shared import Terms, Transfer
from usufruct.core.keccak import keccak256
from usufruct.deploy.action import Action, Change, Transaction, calling
from usufruct.deploy.offered import placed, unfinished
from usufruct.deploy.site import Site, fixed
from usufruct.errors import ConfigError

__all__ = ["created_series", "rights", "series_salt", "series_terms"]

_PAGE: Final = 100
_NEW_SERIES: Final = "create another series under a new code"
_FIELDS: Final[Mapping[str, str]] = {
    "term_from": "term[0]",
    "term_to": "term[1]",
    "classes": "classes",
    "countries": "countries",
}


def rights(site: Site) -> list[Action]:
    """Series that are missing, units that are not issued yet, series that are not sealed."""
    created = created_series(site)
    return [
        action
        for index, series in enumerate(site.community.series)
        for action in _one(site, f"series[{index}]", series, created)
    ]


def series_salt(project: str, code: str) -> bytes:
    """Salt of a series' address: keccak256 of `<project code>/<series code>`."""
    return keccak256(f"{project}/{code}".encode())


def series_terms(series: Series) -> Terms:
    """The terms as the factory takes them."""
    return Terms(
        name=series.name.encode("ascii").ljust(32, b"\0"),
        symbol=series.symbol.encode("ascii").ljust(32, b"\0"),
        stream=series.stream_id,
        term_from=series.term_from,
        term_to=series.term_to,
        rank=series.rank_code,
        decimals=series.decimals,
        classes=series.class_mask,
        countries=sum(code << 16 * place for place, code in enumerate(series.countries)),
        min_ticket=series.min_ticket,
        locked_until=series.locked_until,
        tail=series.tail,
        holder_cap=series.holder_cap,
        country_cap=series.country_cap,
        window_every=series.window_every,
        window_length=series.window_length,
        consent=series.consent,
    )


def created_series(site: Site) -> dict[str, sf.SeriesCreated]:
    """The series of this project that exist, by code; the factory's events tell."""
    project = site.community.project.code
    by_salt = {series_salt(project, each.code): each.code for each in site.community.series}
    events = (
        sf.SeriesCreated.decode(log.topics, log.data)
        for log in site.logs(site.address("SeriesFactory"), [sf.SeriesCreated.TOPIC])
    )
    return {by_salt[event.salt]: event for event in events if event.salt in by_salt}


def _one(
    site: Site, place: str, series: Series, created: Mapping[str, sf.SeriesCreated]
) -> Iterator[Action]:
    event = created.get(series.code)
    if event is None:
        yield _create(site, series)
        yield from _issue(site, place, series, None, Counter())
        if not unfinished(site, series.code, None):
            yield _seal(series, None)
        return
    _check_terms(site, place, series, event.terms)
    # What offerings delivered was issued too, to whom the file does not say.
    issued = _issued(site, event.series) - placed(site, event.series)
    if site.client.call(event.series, rr.state()).sealed_:
        _check_issued(site, place, series, issued)
        subject, text = f"series {series.code}", f"{series.supply} units, sealed"
        yield Action(f"keep/{subject}", Change.NOTHING, subject, text, "as in the file")
        return
    missing = list(_issue(site, place, series, event.series, issued))
    yield from missing
    offered = unfinished(site, series.code, event.series)
    if not offered:
        yield _seal(series, None if missing else event.series)
    elif not missing:
        subject, text = f"series {series.code}", f"{len(offered)} of its offerings are not over"
        yield Action(f"wait/{subject}", Change.WAIT, subject, text, "sealed after the last")


def _create(site: Site, series: Series) -> Action:
    salt = series_salt(site.community.project.code, series.code)
    return Action(
        key=f"series/{series.code}/create",
        change=Change.CREATE,
        subject=f"series {series.code}",
        detail=f"create {series.name}, {series.rank} of {series.stream}",
        reason="not created",
        office="issuer",
        transaction=calling(site.address("SeriesFactory"), sf.create(series_terms(series), salt)),
    )


def _check_terms(site: Site, place: str, series: Series, found: Terms) -> None:
    wanted = series_terms(series)
    for each in fields(Terms):
        mine, theirs = getattr(wanted, each.name), getattr(found, each.name)
        if mine != theirs:
            name = f"{place}.{_FIELDS.get(each.name, each.name)}"
            raise fixed(site, name, _plain(mine), _plain(theirs), "at creation", _NEW_SERIES)


def _plain(value: object) -> object:
    return value.rstrip(b"\0").decode() if isinstance(value, bytes) else value


def _issued(site: Site, series: Address) -> Counter[Address]:
    """Units by first holder: what was ever issued, wherever it went since."""
    issued: Counter[Address] = Counter()
    for log in site.logs(series, [Transfer.TOPIC, bytes(32)]):
        event = Transfer.decode(log.topics, log.data)
        issued[event.to] += event.value
    return issued


def _issue(
    site: Site, place: str, series: Series, where: Address | None, issued: Counter[Address]
) -> Iterator[Action]:
    wanted = Counter({holder.wallet: holder.units for holder in series.holders})
    surplus = issued - wanted
    for wallet, units in surplus.items():
        raise ConfigError(
            f"series {series.code} has issued more than the file says",
            field=f"{place}.holders",
            value=f"{wallet}: {wanted[wallet]}",
            rule=f"units that were issued stay issued; {wallet} got {issued[wallet]}",
            remedy=f"add {units} units for this wallet, or create another series",
            file=site.community.file,
            line=site.community.lines.get(f"{place}.holders"),
        )
    missing = list((wanted - issued).items())
    for start in range(0, len(missing), _PAGE):
        page = dict(missing[start : start + _PAGE])
        call = rr.issue(list(page), list(page.values()))
        yield Action(
            key=f"series/{series.code}/issue/{keccak256(call.data).hex()[:16]}",
            change=Change.CREATE,
            subject=f"series {series.code}",
            detail=f"issue {sum(page.values())} units to {len(page)} holders",
            reason="not issued",
            office="issuer",
            transaction=calling(where, call),
            # Issuing adds: done a second time by somebody else it would double the units.
            done=None if where is None else _IssuedCheck(site, where, page, issued),
        )


class _IssuedCheck:
    """Whether a page of units has been issued since the plan was made."""

    def __init__(
        self, site: Site, series: Address, page: Mapping[Address, int], before: Counter[Address]
    ) -> None:
        self._site, self._series, self._page, self._before = site, series, page, before

    def __call__(self) -> bool:
        now = _issued(self._site, self._series)
        return any(now[wallet] > self._before[wallet] for wallet in self._page)


def _seal(series: Series, where: Address | None) -> Action:
    return Action(
        key=f"series/{series.code}/seal",
        change=Change.CREATE,
        subject=f"series {series.code}",
        detail=f"seal at {series.supply} units",
        reason="not sealed",
        office="issuer",
        transaction=None if where is None else Transaction(where, rr.seal().data),
    )


def _check_issued(site: Site, place: str, series: Series, issued: Counter[Address]) -> None:
    wanted = {holder.wallet: holder.units for holder in series.holders}
    for index, holder in enumerate(series.holders):
        found = issued[holder.wallet]
        if found != holder.units:
            field = f"{place}.holders[{index}].units"
            raise fixed(site, field, holder.units, found, "at sealing", _NEW_SERIES)
    for wallet, units in issued.items():
        if wallet not in wanted:
            text = f"{units} units of {wallet}"
            raise fixed(site, f"{place}.holders", "(missing)", text, "at sealing", _NEW_SERIES)
