"""A month of public data from the data folder to statements, against figures computed without our code paths."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from usufruct.clock import FixedClock
from usufruct.config import load_community
from usufruct.core.typed_data import (
    Cursor,
    Domain,
    batch_digest,
    first_cursor,
    head_of,
    next_cursor,
)
from usufruct_oracles.explain import explain
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.ports import BuiltStatement
from usufruct_oracles.realdata import acn
from usufruct_oracles.realdata.convert import CHARGER_W, RealReport, convert_month
from usufruct_oracles.realdata.tables import decimal_text
from usufruct_oracles.sources.csv_folder import CsvFolder
from usufruct_oracles.validation.rows import parse_row
from usufruct_oracles.validation.rules import Place, Reading, plausible
from usufruct_oracles.validation.verdicts import Rule
from usufruct_oracles.windows import Calendar

NOW = 1_900_000_000
DOMAIN = Domain(31337, "0x" + "11" * 20)
ZONE = ZoneInfo("America/Los_Angeles")


@pytest.fixture(scope="module")
def august(usufruct_data: Path, tmp_path_factory: pytest.TempPathFactory) -> RealReport:
    """August 2019 as a drop folder and a community file."""
    return convert_month(usufruct_data, tmp_path_factory.mktemp("august"))


def taken_in(report: RealReport, folder: Path) -> tuple[Journal, Counter[Rule]]:
    community = load_community(report.community_file)
    clock = FixedClock(NOW)
    journal = Journal(folder / "j.sqlite", community, clock=clock, privacy_secret=b"s" * 32)
    reports = journal.ingest_all(CsvFolder(report.inbox, community.project.timezone, clock).poll())
    rejected: Counter[Rule] = Counter()
    for each in reports:
        rejected.update(each.rejected)
    return journal, rejected


def stated(journal: Journal, code: str) -> BuiltStatement:
    project = journal.community.project
    calendar = Calendar(project.timezone, project.first_period)
    cursor: Cursor = first_cursor(project.start)
    first = head_of(cursor)
    while True:
        window = calendar.window_after(cursor.to)
        built = journal.build_batch(code, cursor, window)
        digest = batch_digest(DOMAIN, built.batch)
        journal.record(built, digest, bytes(32))
        cursor = next_cursor(cursor, built.batch, digest)
        if window.closes:
            return journal.build_statement(code, 1, 1, (first, head_of(cursor)))


def table(path: Path) -> list[list[str]]:
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.reader(file))


def august_energy(data: Path) -> dict[int, int]:
    """Wh of all homes by hour since 1 August, straight from the files: floor per reading."""
    schema = json.loads((data / "citylearn2022" / "schema.json").read_text())
    totals: Counter[int] = Counter()
    for building in schema["buildings"].values():
        header, *rows = table(data / "citylearn2022" / (building["energy_simulation"] + ".gz"))
        column = header.index("solar_generation")
        kilowatt = Fraction(str(building["pv"]["attributes"]["nominal_power"]))
        for hour, row in enumerate(rows[: 31 * 24]):
            # W/kW · kW · 1 h; the readings are written with nine places of a kWh.
            totals[hour] += int(Fraction(row[column]) * kilowatt)
    return totals


def test_august_2019(usufruct_data: Path, august: RealReport, tmp_path: Path) -> None:
    journal, rejected = taken_in(august, tmp_path)
    assert rejected == {}
    states = explain(journal.database, journal.community, 1, NOW).streams
    assert not any(state.blocked for state in states)
    doubted = [
        cause for state in states for cause in state.doubts if cause.rule is Rule.OVER_REQUEST
    ]
    assert sum(cause.count for cause in doubted) == 192

    vpp = stated(journal, "VPP")
    energy = august_energy(usufruct_data)
    by_price: Counter[str] = Counter()
    for hour, watt_hours in energy.items():
        local = datetime(2019, 8, 1) + timedelta(hours=hour)  # noqa: DTZ001
        peak = 16 <= local.hour < 21
        row = (
            ("summer-weekday-peak" if local.isoweekday() < 6 else "summer-weekend-peak")
            if peak
            else "summer"
        )
        by_price[row] += watt_hours
    cents = {"summer-weekday-peak": 54, "summer-weekend-peak": 40, "summer": 22}
    assert {line.row: line.quantity for line in vpp.lines if line.quantity} == dict(by_price)
    assert vpp.statement.gross == sum(by_price[row] * price * 10 for row, price in cents.items())
    assert vpp.statement.coverage_bp == 10_000

    ev = stated(journal, "EV")
    sessions = 0
    watt_hours = 0
    for site in ("caltech", "jpl"):
        for name in sorted((usufruct_data / "acn_data").glob(f"{site}_*.csv.gz")):
            for cells in table(name)[1:]:
                departure = datetime.fromisoformat(cells[1]).astimezone(ZONE)
                if (departure.year, departure.month) == (2019, 8):
                    sessions += 1
                    watt_hours += int(Fraction(cells[3]) * 1000)
    assert sum(line.count for line in ev.lines) == sessions == 2369
    # Energies are cut to nine places of a kWh before they are floored; none is that close to a whole.
    assert sum(line.quantity for line in ev.lines) == watt_hours

    water = stated(journal, "WATER")
    hours = table(usufruct_data / "rain_pastas" / "vlissingen_prec_hourly.csv.gz")[1:]
    metres = sum(
        Fraction(row[1]).limit_denominator(10**6)
        for row in hours
        if "2019-08-01 00:00:00" < row[0] <= "2019-09-01 00:00:00"
    )
    assert water.statement.gross == metres * 1000 * 35_000 * 1600
    assert metres * 1000 == Fraction("35.5")


def test_metres_under_the_label_m_are_rejected(usufruct_data: Path, tmp_path: Path) -> None:
    report = convert_month(usufruct_data, tmp_path, rain_as_found=True)
    journal, rejected = taken_in(report, tmp_path)
    assert rejected == {Rule.UNIT_MISMATCH: 744}
    [state] = explain(journal.database, journal.community, 1, NOW, "WATER").streams
    assert state.blocked
    [cause] = state.causes
    assert "1 m = 1000 mm" in cause.detail
    assert cause.gain_bp == 10_000
    # What the right unit would have earned.
    assert cause.stake == Fraction("35.5") * 35_000 * 1600


def test_a_month_in_which_the_clock_is_put_back(usufruct_data: Path, tmp_path: Path) -> None:
    report = convert_month(usufruct_data, tmp_path, month="2019-11")
    journal, rejected = taken_in(report, tmp_path)
    assert rejected == {}
    states = {
        state.stream.code: state
        for state in explain(journal.database, journal.community, 1, NOW).streams
    }
    assert states["VPP"].whole.expected == 17 * (29 * 24 + 25)
    # The repeated hour has no data: one reading of each home, four of the garage, one of the gauge.
    for code, missing in (("VPP", 17), ("PARKING", 4), ("WATER", 1)):
        state = states[code]
        assert state.whole.expected - state.whole.covered == missing
        assert {cause.days for cause in state.causes} == {("2019-11-03", "2019-11-03")}
        assert not state.blocked


@pytest.mark.parametrize("month", ["2019-12"])
def test_occupancy_below_zero_is_rejected(usufruct_data: Path, tmp_path: Path, month: str) -> None:
    report = convert_month(usufruct_data, tmp_path, month=month)
    journal, rejected = taken_in(report, tmp_path)
    below = sum(
        row[0].startswith(month) and row[1].startswith("-")
        for row in table(usufruct_data / "parking_dresden" / "dresdencentrumgalerie.csv.gz")
    )
    assert rejected[Rule.NEGATIVE] == below
    [state] = explain(journal.database, journal.community, 1, NOW, "PARKING").streams
    assert state.whole.expected - state.whole.covered == below


def test_sessions_that_no_station_can_deliver_are_implausible(
    usufruct_data: Path, august: RealReport
) -> None:
    """The other sets do not cover 2021, whose sessions have up to 800 kW on a station for 8."""
    community = load_community(august.community_file)
    meter = next(each for each in community.meters if each.stream == "EV")
    bounds = int(datetime(2021, 5, 1, tzinfo=ZONE).timestamp()), NOW
    place = Place(community.stream("EV"), meter, *bounds, NOW, str(ZONE))
    found = acn.sessions(usufruct_data, "2021-05", *bounds)
    refused = 0
    for each in found:
        seconds = each.end - each.start
        line = f"{meter.code},2021-05-01T00:00:00Z,{seconds},{decimal_text(each.delivered)},kWh,0"
        row = parse_row(2, line)
        assert row.value is not None
        quantity = row.value.quantity(meter.multiplier)
        verdict = plausible(Reading(row, each.start, each.end, seconds, quantity), place)
        assert (verdict is not None) == (5 * quantity * 3600 > 6 * CHARGER_W * seconds)
        refused += verdict is not None
    assert 0 < refused < len(found) // 5
