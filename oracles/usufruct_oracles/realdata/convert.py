"""A month of public data as a community and a drop folder.

The streams come from different cities, and CityLearn has no year. So one project time zone is used, by default
America/Los_Angeles: sessions of ACN-Data have offsets and stay at their moment, everything else is naive and is taken
to be the project's local time. On a day of 23 hours the hour that does not exist is left out, on one of 25 the repeated
hour has no data and shows as missing. All meters are signed for by a gateway: these devices never signed anything.

Nothing is repaired on the way: negative occupancy and impossible sessions go into the drop folder and are
rejected there, with their reasons. The report says what the data are not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from usufruct.config import Community, Meter, load_community
from usufruct.core.periods import day_of, period_bounds, zone
from usufruct.errors import InputError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.intervals import days_ending_in
from usufruct_oracles.realdata import acn, citylearn, parking, rain, tariffs
from usufruct_oracles.realdata.beside import write_beside
from usufruct_oracles.realdata.community import MeterEntry, write_community
from usufruct_oracles.realdata.survey import Caught, survey
from usufruct_oracles.realdata.tables import decimal_text, iso, local_time
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import HEADERS, csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import drop, sign_day

MONTH = "2019-08"
"""The month that most of the data cover."""
TIMEZONE = "America/Los_Angeles"
"""The zone of three of the five data sets."""
CHARGER_W = 8000
"""Nameplate of a charging station: the largest mean power of a sound session is 8.4 kW."""

_CATCHMENT_L = 35_000  # 1 mm of rain on 50 000 m² with runoff 0.7
_HEAVIEST_MM = 80
_QUARTER, _HOUR = 900, 3600
_PER_CENT = 100
_INTERVALS = {_QUARTER: "15m", _HOUR: "1h", 86_400: "1d"}


@dataclass(frozen=True, slots=True)
class RealReport:
    """What was converted.

    Attributes:
        community_file: The generated community file.
        inbox: The drop folder.
        month: The month, "YYYY-MM".
        rows: Rows by stream.
        notes: What the data are not, and what was found in them, for people.
        caught: The traps of all data sets, over all of their files; empty unless asked for.
    """

    community_file: Path
    inbox: Path
    month: str
    rows: Mapping[str, int]
    notes: tuple[str, ...]
    caught: tuple[Caught, ...] = ()


@dataclass(slots=True)
class _Month:
    """What is known of the month while it is converted."""

    name: str
    timezone: str
    from_: int
    to: int
    meters: list[MeterEntry] = field(default_factory=list)
    lines: dict[str, dict[str, list[tuple[int, str]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    skipped: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        meter: MeterEntry,
        start: int,
        seconds: int,
        value: Decimal,
        requested: Decimal | None = None,
    ) -> None:
        """A row of a meter, on the day in which it ends; sessions tell what was requested."""
        end = start + seconds
        if not self.from_ < end <= self.to:
            return
        day = day_of(end - 1, self.timezone).isoformat()
        text = f"{iso(start, zone(self.timezone))},{seconds},{decimal_text(value)},{meter.unit},0"
        if requested is not None:
            text += f",{decimal_text(requested)}"
        self.lines[meter.code][day].append((start, f"{meter.code},{text}"))


def convert_month(
    data_dir: Path,
    out_dir: Path,
    *,
    month: str = MONTH,
    timezone: str = TIMEZONE,
    daily_rain: bool = False,
    rain_as_found: bool = False,
    everything: bool = False,
) -> RealReport:
    """Writes `out_dir/community.toml` and the drop folder `out_dir/inbox` for a month of public data.

    Args:
        data_dir: Folder of the data sets.
        out_dir: Where to write.
        month: "YYYY-MM"; the default is covered by all data sets.
        timezone: IANA zone of the project.
        daily_rain: Take the gauge with daily millimetres instead of the hourly one.
        rain_as_found: Deliver the hourly rain in metres under the label m, as the file has it, although the meter
            reports mm: validation has to reject it.
        everything: Also read what lies beside the month: spot prices to `out_dir/prices`, Green Button files to
            `out_dir/green-button`, and survey all files for their traps.

    Raises:
        InputError: A data set is missing, malformed or does not cover the month; a tariff does not fit its data.
        ConfigError: The generated community file is not valid (a defect).
    """
    from_, to = period_bounds(month, 1, timezone)
    state = _Month(month, timezone, from_, to)
    checked = citylearn.check_prices(data_dir, int(month[5:]))
    home_count = _roofs(data_dir, state)
    _garages(data_dir, state)
    _rain(data_dir, state, daily_rain=daily_rain, as_found=rain_as_found)
    over = _charging(data_dir, state)
    community_file = out_dir / "community.toml"
    write_community(
        community_file,
        month=month,
        timezone=timezone,
        households=home_count,
        meters=state.meters,
        retail=tariffs.retail(),
        charging=tariffs.charging(data_dir),
    )
    community = load_community(community_file)
    _check_calendar(community, state)
    rows: Counter[str] = Counter()
    for file in _files(community, state):
        drop(file, out_dir / "inbox")
        rows[file.stream] += file.csv.count(b"\n") - 1
    notes = tuple(_notes(state, checked, over))
    caught: tuple[Caught, ...] = ()
    if everything:
        notes += tuple(write_beside(data_dir, out_dir, community))
        caught = tuple(survey(data_dir))
    return RealReport(community_file, out_dir / "inbox", month, rows, notes, caught)


def _roofs(data_dir: Path, month: _Month) -> int:
    place = zone(month.timezone)
    homes = citylearn.homes(data_dir)
    for number, home in enumerate(homes, 1):
        meter = MeterEntry(
            100 + number, f"home-{number:02d}", "VPP", "kWh", "1000", "1h", home.nameplate
        )
        month.meters.append(meter)
        for naive in _naive_steps(month, _HOUR):
            index = citylearn.hour_of(naive)
            moment = local_time(naive, place)
            if moment is None or index is None:
                month.skipped["VPP"] += 1
                continue
            month.add(meter, int(moment.timestamp()), _HOUR, home.energy[index])
    return len(homes)


def _garages(data_dir: Path, month: _Month) -> None:
    place = zone(month.timezone)
    for number, garage in enumerate(parking.garages(data_dir, month.name), 1):
        meter = MeterEntry(
            200 + number,
            garage.name,
            "PARKING",
            "%",
            f"{garage.spaces * _QUARTER}/{_PER_CENT}",
            "15m",
            garage.spaces * _HOUR,
        )
        month.meters.append(meter)
        for naive, share in garage.occupancy.items():
            moment = local_time(naive, place)
            if moment is None:
                month.skipped["PARKING"] += 1
                continue
            month.add(meter, int(moment.timestamp()), _QUARTER, share)


def _rain(data_dir: Path, month: _Month, *, daily_rain: bool, as_found: bool) -> None:
    found = rain.daily(data_dir, month.name) if daily_rain else rain.hourly(data_dir, month.name)
    if daily_rain and (month.to - month.from_) % 86_400:
        raise InputError(
            "daily rain does not fit a month in which the clock changes",
            field="month",
            value=month.name,
            rule="a day of 24 hours is an interval; one of 23 or 25 is not",
            remedy="take the hourly gauge",
        )
    meter = MeterEntry(
        301,
        f"gauge-{found.gauge}",
        "WATER",
        "mm",
        str(_CATCHMENT_L),
        _INTERVALS[found.interval],
        _HEAVIEST_MM * _CATCHMENT_L,
    )
    month.meters.append(meter)
    written = meter
    if as_found:
        written = MeterEntry(301, meter.code, "WATER", found.unit, "1", meter.interval, 1)
    else:
        found = found.in_mm()
    for naive, depth in found.depths.items():
        moment = local_time(naive, zone(month.timezone))
        if moment is None:
            month.skipped["WATER"] += 1
            continue
        month.add(written, int(moment.timestamp()), found.interval, depth)


def _charging(data_dir: Path, month: _Month) -> int:
    """The sessions; returns how many delivered more than was requested."""
    sessions = acn.sessions(data_dir, month.name, month.from_, month.to)
    meters = {
        station: MeterEntry(400 + number, station, "EV", "kWh", "1000", None, CHARGER_W)
        for number, station in enumerate(sorted({each.station for each in sessions}), 1)
    }
    month.meters += meters.values()
    for each in sessions:
        length = each.end - each.start
        month.add(meters[each.station], each.start, length, each.delivered, each.requested)
    return sum(each.delivered > each.requested for each in sessions)


def _naive_steps(month: _Month, seconds: int) -> Iterator[datetime]:
    """Naive local times from the first midnight of the month to before the last."""
    place = zone(month.timezone)
    time = datetime.fromtimestamp(month.from_, place).replace(tzinfo=None)
    end = datetime.fromtimestamp(month.to, place).replace(tzinfo=None)
    while time < end:
        yield time
        time += timedelta(seconds=seconds)


def _check_calendar(community: Community, month: _Month) -> None:
    """The tariff of the community file gives every hour of the month the price of the data's rules."""
    tariff = community.stream("VPP").tariff
    place = zone(month.timezone)
    per_kilowatt_hour = 1000
    for start in range(month.from_, month.to, _HOUR):
        row = tariff.rows[tariff.row_index_at(start)]
        local = datetime.fromtimestamp(start, place)
        rule = next(each for each in citylearn.PRICES if each.matches(local))
        price = Decimal(row.price) * per_kilowatt_hour / row.per / community.currency.unit
        if price != rule.price:
            raise InputError(
                "the generated tariff differs from the data's prices",
                field="stream.tariff",
                value=f"{row.id} {price}",
                rule=f"{rule.price} at {local.isoformat()}",
                remedy="correct the generated calendar",
            )


def _files(community: Community, month: _Month) -> Iterator[SourceFile]:
    catalog = catalog_of(community)
    for day in days_ending_in(catalog, month.from_, month.to):
        for stream in community.streams:
            by_meter = [(each, _of_day(month, each, day)) for each in catalog.meters_of(stream)]
            yield SourceFile(
                source=f"public data {month.name}",
                stream=stream.code,
                day=day,
                csv=csv_bytes(
                    (line for _, lines in by_meter for line in lines),
                    HEADERS[stream.measure == "session"],
                ),
                signatures=signatures_bytes(
                    stream.code, day, [sign_day(meter, day, lines) for meter, lines in by_meter]
                ),
            )


def _of_day(month: _Month, meter: Meter, day: str) -> list[str]:
    return [line for _, line in sorted(month.lines[meter.code][day])]


def _notes(month: _Month, checked: int, over: int) -> Iterator[str]:
    yield (
        f"VPP: CityLearn has no year; its {month.name[5:]} is shown as {month.name}. "
        f"The prices were checked against {checked} hours of the file."
    )
    yield "PARKING: published forecasts in per cent; spaces and prices are assumed."
    yield "WATER: a gauge in the Netherlands; catchment and price are assumed."
    yield (
        f"EV: {over} sessions delivered more than was requested, which is doubted and counts; "
        "stations are taken to have been alive on all days; "
        "the demand charge of the tariff is not used."
    )
    yield f"All naive times are taken to be {month.timezone}; the data come from different cities."
    for stream, count in sorted(month.skipped.items()):
        yield f"{stream}: {count} rows stand at times that the clock or the calendar skips; left out."
