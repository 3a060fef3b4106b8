"""Writes the community file for a month of public data; roles, holders and waterfalls are made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from usufruct_oracles.realdata.tariffs import Prices

_TEMPLATE = Path(__file__).with_name("community.toml.template")
_HOUR = 60


@dataclass(frozen=True, slots=True)
class MeterEntry:
    """A `[[meter]]` table: fields as in the community file."""

    id: int
    code: str
    stream: str
    unit: str
    multiplier: str
    interval: str | None
    nameplate: int


def write_community(
    path: Path,
    *,
    month: str,
    timezone: str,
    households: int,
    meters: Sequence[MeterEntry],
    retail: Prices,
    charging: Prices,
) -> None:
    """Writes the community file.

    Args:
        path: Where.
        month: First period, "YYYY-MM".
        timezone: IANA zone of the project.
        households: Number of homes.
        meters: All meters.
        retail: Prices of the homes' energy.
        charging: Prices of charging.
    """
    year = int(month[:4])
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        month=month,
        term_to=f"{year + 5}{month[4:]}",
        timezone=timezone,
        households=households,
        retail=_tariff(retail),
        charging=_tariff(charging),
        meters="\n".join(_meter(each) for each in meters),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _tariff(prices: Prices) -> str:
    lines = [f'id = "{prices.id}"', "rows = ["]
    lines += [
        f'  {{ id = "{row}", price = "{price}", per = "kWh" }},'
        for row, price in prices.rows.items()
    ]
    lines += ["]", "calendar = [", *_calendar(prices), "]"]
    return "\n".join(lines)


def _calendar(prices: Prices) -> Iterator[str]:
    for rule in prices.rules:
        parts = [f'row = "{rule.row}"']
        if rule.months:
            parts.append(f"months = {list(rule.months)}")
        if rule.weekdays:
            parts.append(f"weekdays = {list(rule.weekdays)}")
        parts.append(f'from = "{_clock(rule.from_)}", to = "{_clock(rule.to)}"')
        yield f"  {{ {', '.join(parts)} }},"
    # The rules above cover every hour; a calendar has to end with one that says so.
    yield f'  {{ row = "{prices.rules[-1].row}" }},'


def _clock(minute: int) -> str:
    return f"{minute // _HOUR:02d}:{minute % _HOUR:02d}"


def _meter(meter: MeterEntry) -> str:
    interval = "" if meter.interval is None else f'interval = "{meter.interval}"\n'
    return (
        f'[[meter]]\nid = {meter.id}\ncode = "{meter.code}"\nstream = "{meter.stream}"\n'
        f'unit = "{meter.unit}"\nmultiplier = "{meter.multiplier}"\n{interval}'
        f'nameplate = "{meter.nameplate}"\nscheme = "gateway-secp256k1"\nkey = "dev"\n'
        'calibrated_until = "2030-12-31"\n'
    )
