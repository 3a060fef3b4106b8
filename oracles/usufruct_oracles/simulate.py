"""The simulator: one month of signed synthetic readings for every stream, the same bytes for the same seed.

It writes the CSV drop folder of protocol §4, or hands out the same files without a folder. Everything it
makes is invented and says so: `synthetic.json` in the folder names the seed and every fault that was put in on
purpose. Keys are the development keys of the meters, so it works for communities of the development chain only.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from usufruct.config import Community, Meter, Stream
from usufruct.core.encoding import canonical_json
from usufruct.core.periods import parse_day, zone
from usufruct.errors import ConfigError
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.intervals import interval_ends
from usufruct_oracles.simulation import shapes
from usufruct_oracles.simulation.dice import Dice
from usufruct_oracles.simulation.faults import Fault, FaultKind, Plan, plan_faults, spoil
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import Signed, csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import drop, replace, sign_day

LABEL = "synthetic"
"""What the files of the simulator are called."""
MOST_POWER = 11_000
"""Largest charging power, W."""

_HOUR = 3600
_ESTIMATED_PER_MILLE = 4
_DRIZZLE = 20  # tenths of a millimetre
_VALID, _ESTIMATED = 0, 8
_PLACES = {"VPP": 3, "PARKING": 1, "WATER": 1}


@dataclass(frozen=True, slots=True)
class SimReport:
    """What was written.

    Attributes:
        folder: The drop folder.
        files: Number of CSV files.
        rows: Number of rows in them.
        faults: Faults put in on purpose.
    """

    folder: Path
    files: int
    rows: int
    faults: tuple[Fault, ...]


def write_month(
    community: Community,
    month: str,
    out_dir: Path,
    seed: int,
    faults: bool,
    *,
    coverage_break: str | None = None,
) -> SimReport:
    """Writes a month of all streams into the drop folder `out_dir`.

    Args:
        community: The community; all meters have development keys.
        month: "YYYY-MM".
        out_dir: The drop folder; made if missing. Files of the same days are replaced.
        seed: Any whole number.
        faults: Whether to put in the small labelled faults.
        coverage_break: Code of a stream whose coverage is to fall below what it requires.

    Raises:
        InputError: Not a month, or no such stream.
        ConfigError: A meter has no development key, or a stream is of a kind without a shape.
    """
    return _write(community, month_days(month), out_dir, seed, faults, coverage_break)


def write_day(
    community: Community,
    day: str,
    out_dir: Path,
    seed: int,
    faults: bool,
    *,
    coverage_break: str | None = None,
) -> SimReport:
    """Writes one day ("YYYY-MM-DD") of all streams: the same bytes as `write_month` for that day.

    Raises:
        InputError: Not a day, or no such stream.
        ConfigError: As for `write_month`.
    """
    return _write(community, [parse_day(day).isoformat()], out_dir, seed, faults, coverage_break)


def day_files(
    community: Community,
    day: str,
    seed: int,
    *,
    faults: bool,
    coverage_break: str | None = None,
) -> Iterator[SourceFile]:
    """The files of all streams of one day, without writing them.

    Raises:
        As for `write_day`.
    """
    catalog = catalog_of(community)
    plan = plan_faults(
        catalog, seed, month_days(day[:7]), faults=faults, coverage_break=coverage_break
    )
    for stream in community.streams:
        yield _file(catalog, stream, day, seed, plan)


def month_days(month: str) -> list[str]:
    """The days of a month "YYYY-MM".

    Raises:
        InputError: Not a month.
    """
    first = parse_day(f"{month}-01")
    length = monthrange(first.year, first.month)[1]
    return [first.replace(day=number).isoformat() for number in range(1, length + 1)]


def _write(
    community: Community,
    days: Sequence[str],
    out_dir: Path,
    seed: int,
    faults: bool,
    coverage_break: str | None,
) -> SimReport:
    catalog = catalog_of(community)
    month = days[0][:7]
    plan = plan_faults(
        catalog, seed, month_days(month), faults=faults, coverage_break=coverage_break
    )
    rows = 0
    for day in days:
        for stream in community.streams:
            file = _file(catalog, stream, day, seed, plan)
            drop(file, out_dir)
            rows += file.csv.count(b"\n") - 1
    put_in = tuple(Fault(*place, kind) for place, kind in sorted(plan.items()) if place[1] in days)
    label = {
        "label": LABEL,
        "project": community.project.code,
        "seed": seed,
        "days": list(days),
        "faults": [
            {"stream": each.stream, "day": each.day, "meter": each.meter, "kind": each.kind}
            for each in put_in
        ],
    }
    replace(out_dir / f"{LABEL}.json", canonical_json(label))
    return SimReport(out_dir, len(days) * len(community.streams), rows, put_in)


def _file(catalog: Catalog, stream: Stream, day: str, seed: int, plan: Plan) -> SourceFile:
    lines: list[str] = []
    signed: list[Signed] = []
    for meter in catalog.meters_of(stream):
        fault = plan.get((stream.code, day, meter.code))
        own = _lines(catalog, stream, meter, day, seed, fault)
        if fault is not None:
            own = spoil(fault, own)
        lines += own
        if fault not in {FaultKind.UNSIGNED, FaultKind.SILENT}:
            signed.append(sign_day(meter, day, own, forged=fault is FaultKind.FORGED))
    return SourceFile(
        source=f"simulator seed {seed} ({LABEL})",
        stream=stream.code,
        day=day,
        csv=csv_bytes(lines),
        signatures=signatures_bytes(stream.code, day, signed),
    )


def _lines(
    catalog: Catalog, stream: Stream, meter: Meter, day: str, seed: int, fault: FaultKind | None
) -> list[str]:
    if stream.measure == "session" and stream.base_unit == "Wh":
        return _session_lines(catalog, meter, day, seed, 0 if fault is None else 1)
    if stream.measure == "interval" and stream.kind in _PLACES:
        return _interval_lines(catalog, stream, meter, day, seed)
    raise ConfigError(
        f"the simulator cannot make up stream {stream.code}",
        file=catalog.community.file,
        field="stream.kind",
        value=f"{stream.kind}, {stream.measure}",
        rule="intervals of VPP, PARKING or WATER, or charging sessions in Wh",
        remedy="leave the stream out, or use the CSV drop folder",
    )


def _interval_lines(
    catalog: Catalog, stream: Stream, meter: Meter, day: str, seed: int
) -> list[str]:
    bounds = catalog.day(day)
    place = zone(catalog.timezone)
    step = meter.interval or _HOUR
    noise = Dice(seed, "noise", meter.code, day)
    showers = shapes.rain(seed, meter.code, day) if stream.kind == "WATER" else {}
    sky = shapes.sky(seed, day)
    found = []
    for end in interval_ends(meter, bounds, *bounds):
        local = datetime.fromtimestamp(end - step, place)
        if stream.kind == "WATER":
            # Tenths of the meter's unit, spread over the hour's intervals.
            tenths = showers.get(local.hour, 0) * step // _HOUR
        elif stream.kind == "VPP":
            tenths = _roof(meter, step, shapes.sun(local, step), sky, noise)
        else:
            share = shapes.occupancy(seed, meter.code, local)
            tenths = meter.nameplate * share * 10 // (_HOUR * shapes.PER_MILLE)
        guessed = noise.chance(_ESTIMATED_PER_MILLE)
        # A gauge fills in drizzle; one guessed downpour can be more than a dry month may estimate.
        downpour = stream.kind == "WATER" and tenths > _DRIZZLE
        quality = _ESTIMATED if guessed and not downpour else _VALID
        value = _decimal(tenths, _PLACES[stream.kind])
        found.append(f"{meter.code},{local.isoformat()},{step},{value},{meter.unit},{quality}")
    return found


def _roof(meter: Meter, step: int, sun: int, sky: int, noise: Dice) -> int:
    """Thousandths of the meter's unit that a roof gives in an interval."""
    most = meter.nameplate * step // _HOUR
    wobble = noise.between(900, 1000)
    energy = most * sun * sky * wobble * 85 // (100 * shapes.PER_MILLE**3)
    return energy * 1000 * meter.multiplier.denominator // meter.multiplier.numerator


def _session_lines(catalog: Catalog, meter: Meter, day: str, seed: int, least: int) -> list[str]:
    start, end = catalog.day(day)
    place = zone(catalog.timezone)
    power = min(MOST_POWER, meter.nameplate)
    found = []
    for session in shapes.charging(seed, meter.code, day, power, least):
        begin = start + 60 * session.start
        if begin + 60 * session.minutes > end:
            break  # a day of 23 hours
        local = datetime.fromtimestamp(begin, place).isoformat()
        thousandths = session.energy * 1000 * meter.multiplier.denominator
        value = _decimal(thousandths // meter.multiplier.numerator, 3)
        found.append(f"{meter.code},{local},{60 * session.minutes},{value},{meter.unit},{_VALID}")
    return found


def _decimal(number: int, places: int) -> str:
    whole, rest = divmod(number, 10**places)
    return f"{whole}.{rest:0{places}d}"
