"""Green Button files (NAESB REQ.21 ESPI in Atom): `parse(bytes)` gives a `Feed` of usage points and readings.

Entries are joined by their links: a child belongs to the entry whose `related` links name the child's `self` or `up`,
else to the one whose `self` is a beginning of the child's `up`, else to the only one there is. Entries without any
links belong to the last one before them. A file as a whole is refused only if it is no Green Button file;
a reading that is of no use is kept in `refused` with its reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from usufruct.errors import InputError
from usufruct.xml_tree import Element, parse_xml
from usufruct_oracles.sources.espi_model import Feed, MeterReading, ReadingType, UsagePoint
from usufruct_oracles.sources.espi_readings import Counter, readings_of
from usufruct_oracles.sources.espi_time import LocalTime, parse_rule

__all__ = ["parse"]

ATOM, ESPI = "http://www.w3.org/2005/Atom", "http://naesb.org/espi"

_MAX_PROBLEMS = 100
_MAX_POWER = 12
_NUMBER = re.compile(r"-?\d{1,15}", re.ASCII)
_TIME_NAMES = ("LocalTimeParameters", "TimeConfiguration")


@dataclass(slots=True)
class _Entry:
    """An Atom entry: its resources of one name, and its links without scheme and host."""

    name: str
    resources: list[Element]
    title: str
    own: str
    up: str
    related: tuple[str, ...]
    place: int

    def __str__(self) -> str:
        return f"{self.name} {self.own or self.place}"


def parse(data: bytes) -> Feed:
    """The usage points, meter readings and readings of a Green Button file.

    Args:
        data: The file: an Atom feed, or a single entry.

    Raises:
        InputError: Not a Green Button file: not XML, a document type, beyond a bound, no usage data.
    """
    root = parse_xml(data)
    entries = _entries(root)
    return _Graph(entries).feed(root.content("title") or "")


def _entries(root: Element) -> list[_Entry]:
    if root.space != ATOM or root.name not in {"feed", "entry"}:
        raise _not_green_button(f"{root.space} {root.name}")
    found = []
    for place, entry in enumerate(root.all("entry") if root.name == "feed" else [root], 1):
        content = entry.child("content")
        resources = (
            [] if content is None else [each for each in content.children if each.space == ESPI]
        )
        if resources:
            found.append(_entry(place, entry, resources))
    if not any(each.name in {"UsagePoint", "MeterReading", "IntervalBlock"} for each in found):
        raise _not_green_button("no usage data")
    return found


def _entry(place: int, entry: Element, resources: list[Element]) -> _Entry:
    links: dict[str, list[str]] = defaultdict(list)
    for link in entry.all("link"):
        links[link.attributes.get("rel", "")].append(_path(link.attributes.get("href", "")))
    return _Entry(
        resources[0].name,
        [each for each in resources if each.name == resources[0].name],
        entry.content("title") or "",
        next(iter(links["self"]), ""),
        next(iter(links["up"]), ""),
        tuple(filter(None, links["related"])),
        place,
    )


def _path(href: str) -> str:
    """A link without scheme, host and outer slashes, so that absolute and relative ones meet."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    return (parts.path + (f"?{parts.query}" if parts.query else "")).strip("/")


class _Parents:
    """Finds the parent of an entry among those of one kind."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self.entries = entries
        self._own: dict[str, list[_Entry]] = defaultdict(list)
        self._related: dict[str, list[_Entry]] = defaultdict(list)
        for entry in entries:
            self._own[entry.own].append(entry)
            for href in entry.related:
                self._related[href].append(entry)

    def of(self, child: _Entry) -> _Entry | None:
        """The one parent, None if there is none or more than one."""
        if not child.own and not child.up:
            return next((each for each in reversed(self.entries) if each.place < child.place), None)
        for found in self._candidates(child):
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return self.entries[0] if len(self.entries) == 1 else None

    def _candidates(self, child: _Entry) -> Iterable[list[_Entry]]:
        for href in filter(None, (child.own, child.up)):
            yield self._related.get(href, [])
        href = child.up
        while href:
            yield self._own.get(href, [])
            href = href.rpartition("/")[0]


class _Graph:
    """The entries of a file, joined."""

    def __init__(self, entries: list[_Entry]) -> None:
        self._problems: list[str] = []
        self._counter = Counter()
        self._by_name: dict[str, list[_Entry]] = defaultdict(list)
        seen: set[tuple[str, str]] = set()
        for entry in entries:
            key = (entry.name, entry.own)
            if (
                entry.own
                and key in seen
                and entry.name in {"UsagePoint", "MeterReading", "ReadingType"}
            ):
                self._note(f"{entry} stands there twice; the first counts")
                continue
            seen.add(key)
            self._by_name[entry.name].append(entry)

    def feed(self, title: str) -> Feed:
        """The joined feed."""
        points = self._by_name["UsagePoint"] or [_nowhere()]
        meters = self._children("MeterReading", points)
        blocks = self._children("IntervalBlock", self._by_name["MeterReading"])
        found = []
        for point in points:
            series = [self._series(each, blocks[id(each)]) for each in meters[id(point)]]
            found.append(self._usage_point(point, series))
        return Feed(title, tuple(found), tuple(self._problems))

    def _children(self, name: str, parents: Sequence[_Entry]) -> dict[int, list[_Entry]]:
        """Entries of a name by the identity of their parent; the others are problems."""
        finder = _Parents(parents)
        found: dict[int, list[_Entry]] = defaultdict(list)
        for entry in self._by_name[name]:
            parent = finder.of(entry)
            if parent is None:
                self._note(
                    f"{entry} belongs to no {parents[0].name if parents else 'MeterReading'}"
                )
                continue
            found[id(parent)].append(entry)
        return found

    def _usage_point(self, point: _Entry, series: list[MeterReading]) -> UsagePoint:
        service = None
        if point.resources:
            text = point.resources[0].content("ServiceCategory", "kind") or ""
            service = int(text) if _NUMBER.fullmatch(text) else None
        return UsagePoint(point.own, point.title, service, self._time(point), tuple(series))

    def _time(self, point: _Entry) -> LocalTime | None:
        entries = [each for name in _TIME_NAMES for each in self._by_name[name]]
        linked = [each for each in entries if _linked(point, each)] or entries
        if len(linked) != 1:
            return None
        found = linked[0].resources[0]
        try:
            return LocalTime(
                _number(found.content("tzOffset")) or 0,
                _number(found.content("dstOffset")) or 0,
                parse_rule(found.content("dstStartRule") or "FFFFFFFF"),
                parse_rule(found.content("dstEndRule") or "FFFFFFFF"),
            )
        except InputError as error:
            self._note(error.one_line())
            return None

    def _series(self, entry: _Entry, blocks: list[_Entry]) -> MeterReading:
        kind = self._type(entry)
        elements = [each for block in blocks for each in block.resources]
        readings, refused = readings_of(elements, kind, self._counter, self._note)
        return MeterReading(entry.own, entry.title, kind, readings, refused)

    def _type(self, meter: _Entry) -> ReadingType | None:
        types = self._by_name["ReadingType"]
        linked = [each for each in types if _linked(meter, each)]
        if not linked and len(types) == 1:
            linked = types
        if not linked and not meter.own:
            linked = [each for each in types if each.place > meter.place][:1]
        if len(linked) != 1:
            self._note(f"{meter} has {len(linked)} reading types instead of one")
            return None
        try:
            return _reading_type(linked[0].resources[0])
        except InputError as error:
            self._note(error.one_line())
            return None

    def _note(self, problem: str) -> None:
        if len(self._problems) < _MAX_PROBLEMS:
            self._problems.append(problem)


def _nowhere() -> _Entry:
    """The usage point of a file that has none."""
    return _Entry("UsagePoint", [], "", "", "", (), 0)


def _linked(parent: _Entry, child: _Entry) -> bool:
    return bool({child.own, child.up} & set(parent.related))


def _reading_type(found: Element) -> ReadingType:
    codes = {
        name: _number(found.content(name))
        for name in (
            *("accumulationBehaviour", "commodity", "currency", "dataQualifier", "defaultQuality"),
            *("flowDirection", "intervalLength", "kind", "phase", "powerOfTenMultiplier"),
            *("timeAttribute", "uom"),
        )
    }
    power = codes["powerOfTenMultiplier"] or 0
    if abs(power) > _MAX_POWER:
        raise InputError(
            "not a multiplier",
            field="powerOfTenMultiplier",
            value=power,
            rule=f"-{_MAX_POWER} to {_MAX_POWER}",
            remedy="correct the ReadingType at the exporter",
        )
    return ReadingType(
        accumulation=codes["accumulationBehaviour"],
        commodity=codes["commodity"],
        currency=codes["currency"],
        data_qualifier=codes["dataQualifier"],
        default_quality=codes["defaultQuality"],
        flow=codes["flowDirection"],
        interval_length=codes["intervalLength"],
        kind=codes["kind"],
        phase=codes["phase"],
        power=power,
        time_attribute=codes["timeAttribute"],
        uom=codes["uom"] or 0,
    )


def _number(text: str | None) -> int | None:
    """A whole number, None if absent.

    Raises:
        InputError: Something else.
    """
    if text is None:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise InputError(
            "not a whole number",
            field="code",
            value=text,
            rule="an integer of at most 15 digits",
            remedy="correct the element at the exporter",
        )
    return int(text)


def _not_green_button(found: str) -> InputError:
    return InputError(
        "not a Green Button file",
        field="feed",
        value=found,
        rule=f"an Atom feed ({ATOM}) with UsagePoint, MeterReading or IntervalBlock of {ESPI}",
        remedy="export usage data as Green Button Download My Data",
    )
