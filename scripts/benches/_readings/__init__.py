"""A community of many meters and its signed day files, for benches that need readings by the million."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from usufruct.config import Community, Meter, load_community
from usufruct.core.periods import day_bounds
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import sign_day

FIRST = date(2027, 2, 1)
"""First day of the first period."""
STEP = 900
"""Seconds of an interval: quarter-hours."""
A_DAY = 86_400 // STEP
"""Readings of a meter's day."""
STREAM = "VPP"

_COMMUNITY = """
schema = 1
[project]
code = "BENCH"
name = "Bench"
label = "synthetic"
timezone = "Asia/Shanghai"
gfa_m2 = 1_000
households = 4
first_period = "2027-02"
salt = "salt-of-the-benches"
[currency]
code = "USDX"
name = "Test Dollar"
decimals = 6
[delays]
signers = "2d"
rules = "7d"
[roles]
admin = ["dev:0"]
registrar = ["dev:0"]
issuer = ["dev:0"]
oracle_admin = ["dev:7"]
treasurer = ["dev:1"]
pauser = ["dev:2"]
guardian = ["dev:2"]
auditor = ["dev:3"]
policy = ["dev:3"]
fund_manager = ["dev:9"]
[oracle]
threshold = 2
signers = ["dev:4", "dev:5", "dev:6"]
[[stream]]
id = 1
code = "VPP"
kind = "VPP"
measure = "interval"
base_unit = "Wh"
privacy = "{privacy}"
challenge_window = "3d"
funding_grace = "5d"
min_coverage = "95%"
max_estimated = "5%"
resolution_time = "7d"
unanswered_dispute = "dismiss"
[stream.tariff]
id = "vpp"
rows = [
  {{ id = "day", price = "0.54", per = "kWh" }},
  {{ id = "night", price = "0.21", per = "kWh" }},
]
calendar = [{{ row = "day", from = "08:00", to = "22:00" }}, {{ row = "night" }}]
[[meters]]
stream = "VPP"
prefix = "home"
count = {meters}
first_id = 101
unit = "kWh"
multiplier = "1000"
interval = "15m"
nameplate = "8000"
scheme = "gateway-secp256k1"
key = "dev"
calibrated_until = "2040-12-31"
[[participant]]
id = 1
name = "Ada"
country = 344
class = "institution"
kyc_until = "2030-12-31"
wallets = ["dev:10"]
[[series]]
code = "VPP-A"
name = "Sun"
symbol = "VSUN"
stream = "VPP"
rank = "residual"
term = ["2027-02", "2031-08"]
decimals = 0
classes = ["institution"]
min_ticket = 1
holders = [{{ wallet = "dev:10", units = 100 }}]
[[waterfall]]
stream = "VPP"
steps = [
  {{ label = "holders", kind = "residual", payee = "series:VPP-A" }},
  {{ label = "owners", kind = "residual", payee = "dev:9" }},
]
"""


def make_community(folder: Path, meters: int, *, privacy: str = "committed") -> Community:
    """A community with one stream of so many quarter-hourly meters."""
    file = folder / "community.toml"
    file.write_text(_COMMUNITY.format(meters=meters, privacy=privacy))
    return load_community(file)


def day_files(community: Community, days: int) -> Iterator[SourceFile]:
    """The stream's signed files of the first days, one after another."""
    meters = catalog_of(community).meters_of(community.streams[0])
    for number in range(days):
        day = (FIRST + timedelta(days=number)).isoformat()
        lines = {each.code: _lines(each, day, number) for each in meters}
        signed = [sign_day(each, day, lines[each.code]) for each in meters]
        text = (line for own in lines.values() for line in own)
        yield SourceFile(
            "bench", STREAM, day, csv_bytes(text), signatures_bytes(STREAM, day, signed)
        )


def end_of(community: Community, days: int) -> int:
    """End of the last of the first days, unix seconds."""
    day = (FIRST + timedelta(days=days - 1)).isoformat()
    return day_bounds(day, community.project.timezone)[1]


def _lines(meter: Meter, day: str, number: int) -> list[str]:
    found = []
    for at in range(A_DAY):
        hour, minute = divmod(at * STEP // 60, 60)
        value = (meter.id * 7919 + number * 104_729 + at * 31) % 2000
        start = f"{day}T{hour:02d}:{minute:02d}:00+08:00"
        found.append(f"{meter.code},{start},{STEP},{value // 1000}.{value % 1000:03d},kWh,0")
    return found
