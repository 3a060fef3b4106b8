"""Stage 9: offerings opened and cancelled. The n-th of a series in the file is the n-th that was opened for it."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from usufruct.config import Offering
from usufruct.contracts import Address
from usufruct.contracts import offering as of
from usufruct.contracts import revenue_right as rr
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.offered import opened
from usufruct.deploy.rights import created_series
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import moment
from usufruct.errors import ConfigError

__all__ = ["offerings"]

_LONGEST: Final = 2 * 365 * 86_400
_FIELDS: Final = {"from_": "opens", "to": "closes"}
_ANOTHER: Final = (
    "write cancelled = true, and describe another in an [[offering]] after the last of the series"
)

_COUNTED: Final = "the n-th offering of a series in the file is the n-th that is opened for it"


def offerings(site: Site) -> list[Action]:
    """Offerings that are missing or given up; terms are fixed once an offering is open."""
    series = {code: event.series for code, event in created_series(site).items()}
    known = {code: opened(site, where) for code, where in series.items()}
    before: dict[str, Action] = {}
    found = []
    for index, each in enumerate(site.community.offerings):
        code, place = each.series, f"offering[{index}]"
        events = known.get(code, [])
        found.append(_one(site, place, each, series.get(code), events, before.get(code)))
        before[code] = found[-1]
    return found


def _one(
    site: Site,
    place: str,
    offering: Offering,
    series: Address | None,
    events: list[of.OfferingOpened],
    before: Action | None,
) -> Action:
    if offering.number <= len(events):
        return _known(site, place, offering, events[offering.number - 1])
    if offering.cancelled:
        raise _never_opened(site, place, offering)
    subject, text, now = _subject(offering), _text(offering), site.now
    if offering.closes <= now:
        return Action(f"keep/{subject}", Change.NOTHING, subject, text, "its window is over")
    if offering.closes > now + _LONGEST:
        reason = f"can be opened from {moment(offering.closes - _LONGEST)}"
        return Action(f"wait/{subject}", Change.WAIT, subject, text, reason)
    if series is not None and site.client.call(series, rr.state()).sealed_:
        raise _sealed(site, place, offering)
    if before is not None and (series is None or offering.number > len(events) + 1):
        if before.change is Change.WAIT:
            return Action(f"wait/{subject}", Change.WAIT, subject, text, f"after {before.subject}")
        _require_opened(site, place, offering, events, before)
    return _opening(site, offering, series, events)


def _require_opened(
    site: Site,
    place: str,
    offering: Offering,
    events: list[of.OfferingOpened],
    before: Action,
) -> None:
    """Refuses an offering whose predecessor in the file was not opened and never will be."""
    if before.change is Change.NOTHING and offering.number > 1 + len(events):
        raise _missed(site, place, offering)


def _subject(offering: Offering) -> str:
    return f"offering {offering.series} no. {offering.number}"


def _text(offering: Offering) -> str:
    return f"{offering.max_units} units, {moment(offering.opens)} to {moment(offering.closes)}"


def _opening(
    site: Site, offering: Offering, series: Address | None, events: list[of.OfferingOpened]
) -> Action:
    """Opens an offering; what is sent follows once its series and those before it are there."""
    call = None
    if series is not None and offering.number == len(events) + 1:
        call = of.open(_terms(offering, series))
    return Action(
        key=f"offering/{offering.series}/{offering.number}",
        change=Change.CREATE,
        subject=_subject(offering),
        detail=f"open: {_text(offering)}",
        reason="not opened",
        office="issuer",
        transaction=None if call is None else calling(site.address("Offering"), call),
        # Opening adds: done a second time by somebody else it would offer twice.
        done=None if series is None else lambda: len(opened(site, series)) >= offering.number,
    )


def _known(site: Site, place: str, offering: Offering, event: of.OfferingOpened) -> Action:
    """What becomes of an offering that was opened: nothing, unless the file gives it up."""
    _check_terms(site, place, _terms(offering, event.series), event.terms)
    if offering.cancelled:
        return _cancellation(site, place, offering, event.offering)
    subject = _subject(offering)
    return Action(f"keep/{subject}", Change.NOTHING, subject, _text(offering), "as in the file")


def _cancellation(site: Site, place: str, offering: Offering, number: int) -> Action:
    """Gives an offering up, so that everybody is refunded."""
    subject = _subject(offering)
    state = site.read("Offering", of.state_of(number))
    status = state.status if state is not None else of.Status.NONE
    if status not in (of.Status.UPCOMING, of.Status.OPEN, of.Status.FAILED):
        raise _over(site, place, offering)
    if status is of.Status.FAILED:
        return Action(f"keep/{subject}", Change.NOTHING, subject, "cancelled", "as in the file")
    return Action(
        key=f"offering/{offering.series}/{offering.number}/cancel",
        change=Change.CHANGE,
        subject=subject,
        detail="cancel: its subscribers get their money back",
        reason="cancelled in the file",
        office="issuer",
        transaction=calling(site.address("Offering"), of.cancel(number)),
    )


def _terms(offering: Offering, series: Address) -> of.Terms:
    return of.Terms(
        series=series,
        from_=offering.opens,
        to=offering.closes,
        beneficiary=offering.beneficiary,
        deliver_until=offering.deliver_until,
        withdrawable=offering.withdrawable,
        price=offering.price,
        min_units=offering.min_units,
        max_units=offering.max_units,
        min_each=offering.min_each,
        max_each=offering.max_each,
    )


def _check_terms(site: Site, place: str, wanted: of.Terms, found: of.Terms) -> None:
    for each in fields(of.Terms):
        mine, theirs = getattr(wanted, each.name), getattr(found, each.name)
        if mine != theirs:
            name = f"{place}.{_FIELDS.get(each.name, each.name)}"
            if each.name in ("from_", "to", "deliver_until"):
                mine, theirs = moment(mine), moment(theirs)
            raise fixed(site, name, mine, theirs, "at opening", _ANOTHER)


def _over(site: Site, place: str, offering: Offering) -> ConfigError:
    return _refused(
        site,
        f"{place}.cancelled",
        True,
        f"{offering.series} no. {offering.number} cannot be cancelled: its window is over and it has succeeded",
        f"an offering is cancelled before it closes, which was at {moment(offering.closes)}",
        "remove cancelled",
    )


def _never_opened(site: Site, place: str, offering: Offering) -> ConfigError:
    return _refused(
        site,
        f"{place}.cancelled",
        True,
        f"{offering.series} no. {offering.number} was never opened: there is nothing to cancel",
        _COUNTED,
        "remove the offering from the file",
    )


def _missed(site: Site, place: str, offering: Offering) -> ConfigError:
    missed = offering.number - 1
    return _refused(
        site,
        f"{place}.series",
        offering.series,
        f"{offering.series} no. {offering.number} cannot be opened: no. {missed} was not, and its window is over",
        _COUNTED,
        f"remove no. {missed} from the file",
    )


def _sealed(site: Site, place: str, offering: Offering) -> ConfigError:
    return _refused(
        site,
        f"{place}.series",
        offering.series,
        f"series {offering.series} is sealed: nothing more can be offered",
        "offerings are of series that are not sealed",
        "remove the offering, or create another series for it",
    )


def _refused(
    site: Site, field: str, value: object, text: str, rule: str, remedy: str
) -> ConfigError:
    """The error for a value of the file, with its line."""
    community = site.community
    return ConfigError(
        text,
        field=field,
        value=value,
        rule=rule,
        remedy=remedy,
        file=community.file,
        line=community.lines.get(field),
    )
