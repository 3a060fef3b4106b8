"""The simulator: the same bytes for the same seed, sound months, labelled faults that are found."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.oracles.kit import LATER, community, open_journal

from usufruct.clock import FixedClock
from usufruct.config import Community, parse_community
from usufruct.errors import ConfigError, InputError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.explain import StreamState, explain
from usufruct_oracles.simulate import day_files, month_days, write_day, write_month
from usufruct_oracles.simulation import shapes
from usufruct_oracles.simulation.dice import Dice
from usufruct_oracles.simulation.faults import FaultKind
from usufruct_oracles.sources.csv_folder import CsvFolder
from usufruct_oracles.sources.records import parse_signatures
from usufruct_oracles.sources.simulator import Simulator
from usufruct_oracles.validation.verdicts import Rule

MONTH = "2026-09"
GOLDEN = "dfd66ed07f9827a1f6f89d3dbe1254be79fe8b8b0d32bfeffbc1fd75f1163364"
RULES = {
    FaultKind.WRONG_UNIT: Rule.IMPLAUSIBLE,
    FaultKind.WRONG_LABEL: Rule.UNIT_MISMATCH,
    FaultKind.GAP: Rule.MISSING,
    FaultKind.DUPLICATE: Rule.DUPLICATE,
    FaultKind.NEGATIVE: Rule.NEGATIVE,
    FaultKind.EVAPORATION: Rule.NEGATIVE,
    FaultKind.FUTURE: Rule.FUTURE,
    FaultKind.MALFORMED: Rule.MALFORMED,
    FaultKind.OVERLAP: Rule.OVERLAP,
    FaultKind.FORGED: Rule.BAD_SIGNATURE,
    FaultKind.UNSIGNED: Rule.MISSING_SIGNATURE,
}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_on_every_machine() -> None:
    digest = sha256()
    for file in day_files(community(), "2026-09-10", 1, faults=False):
        signed = parse_signatures(file.signatures or b"", file.stream, file.day)
        for code in ("home-01", "garage-01", "cistern-01", "charger-01"):
            digest.update(b"".join(x for x in file.csv.splitlines(True) if code.encode() in x))
            digest.update(signed[code].signature if code in signed else b"")
    # Shapes, chance and both curves' deterministic signatures stand behind this figure.
    assert digest.hexdigest() == GOLDEN


def test_a_day_is_the_months_day_and_another_seed_another(tmp_path: Path) -> None:
    write_month(community(), MONTH, tmp_path / "month", 1, True)
    write_day(community(), "2026-09-10", tmp_path / "day", 1, True)
    write_day(community(), "2026-09-10", tmp_path / "other", 2, True)
    month, day, other = (content(tmp_path / name) for name in ("month", "day", "other"))
    names = {name for name in day if name != "synthetic.json"}
    assert len(names) == 8
    assert {name: day[name] for name in names} == {name: month[name] for name in names}
    assert all(day[name] != other[name] for name in names)


def test_a_month_says_that_it_is_synthetic_and_which_faults_it_has(tmp_path: Path) -> None:
    report = write_month(community(), MONTH, tmp_path, 3, True)
    label = json.loads((tmp_path / "synthetic.json").read_text())
    assert label["label"] == "synthetic"
    assert label["seed"] == 3
    assert {each["kind"] for each in label["faults"]} == {each.value for each in RULES}
    assert (report.files, len(report.faults)) == (120, len(label["faults"]))
    assert report.rows == sum(
        body.count(b"\n") - 1 for name, body in content(tmp_path).items() if name.endswith(".csv")
    )
    assert not [name for name in content(tmp_path) if "tmp" in name]


@pytest.mark.parametrize(
    ("seed", "month"),
    [
        (1, "2026-09"),
        (7, "2026-12"),
        pytest.param(2, "2026-09", marks=pytest.mark.deep),
        *(pytest.param(7, f"2026-{month}", marks=pytest.mark.deep) for month in ("09", "10", "11")),
    ],
)
def test_each_fault_is_found_and_no_month_is_held_back(
    tmp_path: Path, seed: int, month: str
) -> None:
    report = write_month(community(), month, tmp_path / "inbox", seed, True)
    journal = open_journal(tmp_path)
    later = LATER + 120 * 86_400
    period = int(month[-2:]) - 8
    clock = FixedClock(later)
    folder = CsvFolder(tmp_path / "inbox", community().project.timezone, clock)
    journal.ingest_all(folder.poll())
    found = explain(journal.database, community(), period, later)
    for state in found.streams:
        assert not state.blocked, state.reasons
        rules = Counter((cause.rule, cause.meter) for cause in state.causes)
        planned = Counter(
            (RULES[each.kind], each.meter)
            for each in report.faults
            if each.stream == state.stream.code
        )
        assert rules == planned


def states_of(folder: Path, broken: str | None) -> dict[str, StreamState]:
    write_month(community(), MONTH, folder / "inbox", 1, False, coverage_break=broken)
    journal = open_journal(folder)
    inbox = CsvFolder(folder / "inbox", community().project.timezone, FixedClock(LATER))
    reports = journal.ingest_all(inbox.poll())
    assert sum(sum(each.rejected.values()) for each in reports) == 0
    found = explain(journal.database, community(), 1, LATER).streams
    return {state.stream.code: state for state in found}


def test_a_month_without_faults_is_complete(tmp_path: Path) -> None:
    states = states_of(tmp_path, None)
    assert [(each.whole.bp, each.blocked) for each in states.values()] == [(10_000, False)] * 4


@pytest.mark.parametrize(
    "code",
    [
        *("VPP", "EV"),  # of intervals, and of sessions
        *(pytest.param(each, marks=pytest.mark.deep) for each in ("PARKING", "WATER")),
    ],
)
def test_coverage_can_be_broken_on_purpose(tmp_path: Path, code: str) -> None:
    states = states_of(tmp_path, code)
    assert {each for each, state in states.items() if state.blocked} == {code}
    assert 8990 <= states[code].whole.bp < 9400


def test_unknown_streams_and_months_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write_month(community(), MONTH, tmp_path, 1, False, coverage_break="SOLAR")
    with pytest.raises(InputError):
        write_month(community(), "2026-13", tmp_path, 1, False)


def changed(*replacements: tuple[str, str]) -> Community:
    text = Path(community().file).read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return parse_community(text, "changed.toml")


def test_meters_with_keys_of_their_own_are_not_signed_for() -> None:
    key = "0x0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    own = changed(
        ("count = 12\nfirst_id = 101", "count = 1\nfirst_id = 101"),
        ('key = "dev"\ncalibrated', f'key = "{key}"\ncalibrated'),
    )
    with pytest.raises(ConfigError, match="a key of its own"):
        list(day_files(own, "2026-09-10", 1, faults=False))


def test_a_stream_without_a_shape_is_named() -> None:
    storage = changed(('kind = "VPP"', 'kind = "STORAGE"'))
    with pytest.raises(ConfigError, match="cannot make up stream VPP"):
        list(day_files(storage, "2026-09-10", 1, faults=False))


def test_days_of_23_and_25_hours_are_complete() -> None:
    berlin = changed(('timezone = "Asia/Shanghai"', 'timezone = "Europe/Berlin"'))
    for day, hours in (("2027-03-28", 23), ("2026-10-25", 25)):
        vpp, parking, *_ = day_files(berlin, day, 1, faults=False)
        assert vpp.csv.count(b"\n") == 1 + 12 * hours
        assert parking.csv.count(b"\n") == 1 + 2 * 4 * hours


# --- Shapes --------------------------------------------------------------------------------------


def test_dice_are_fair_enough_and_repeatable() -> None:
    drawn = [Dice("fair").below(6) for _ in range(3)]
    assert len(set(drawn)) == 1
    dice = Dice(1, "many")
    counts = Counter(dice.below(6) for _ in range(6000))
    assert all(900 < counts[face] < 1100 for face in range(6))
    assert {Dice(1, "edge", n).between(3, 5) for n in range(50)} == {3, 4, 5}


def test_the_sun_shines_by_day() -> None:
    noon, night = datetime(2026, 6, 10, 12), datetime(2026, 6, 10, 23)  # noqa: DTZ001
    assert shapes.sun(noon, 3600) > 950
    assert shapes.sun(night, 3600) == 0
    winter = datetime(2026, 12, 10, 17)  # noqa: DTZ001
    assert shapes.sun(winter, 3600) < shapes.sun(winter.replace(month=6), 3600)


def test_sessions_follow_one_another_within_the_power() -> None:
    for number in range(200):
        sessions = list(shapes.charging(number, "charger-01", "2026-09-10", 11_000))
        assert len(sessions) <= 3
        for one, two in pairwise(sessions):
            assert one.start + one.minutes < two.start
        for each in sessions:
            assert each.start + each.minutes < 1440
            assert 0 < each.energy <= 11_000 * each.minutes // 60


def test_most_days_are_dry() -> None:
    wet = [shapes.rain(1, "cistern-01", f"day {n}") for n in range(300)]
    assert 60 < sum(bool(each) for each in wet) < 140
    assert all(0 <= tenths < 800 for each in wet for tenths in each.values())


# --- As a source ---------------------------------------------------------------------------------


def test_the_source_delivers_days_once_they_are_over() -> None:
    catalog = catalog_of(community())
    clock = FixedClock(catalog.day("2026-09-02")[1])
    source = Simulator(community(), MONTH, 1, clock, faults=False)
    first = list(source.poll())
    assert [(each.day, each.stream) for each in first] == [
        (day, code)
        for day in ("2026-09-01", "2026-09-02")
        for code in ("VPP", "PARKING", "WATER", "EV")
    ]
    assert list(source.poll()) == []
    clock.advance(86_400)
    partly = source.poll()
    assert next(partly).day == "2026-09-03"
    partly.close()
    # The day was not taken whole, so all of it comes again.
    assert len(list(source.poll())) == 4
    assert len(month_days(MONTH)) == 30
