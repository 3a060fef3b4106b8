"""A month out of a table, a Green Button file, documents and day files, through three workers to statements."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from tests.integration.oracles.village import (
    EV,
    NAMES,
    STREAMS,
    VPP,
    WATER,
    Village,
    village,
    wait_until,
)
from tests.support.communities import CISTERN, DAYS, MONTH, ZONE, Meters
from tests.unit.oracles_sources import espi_kit

from usufruct.core.encoding import canonical_json
from usufruct.core.periods import day_bounds

pytestmark = pytest.mark.chain

GAUGE = Meters("gauge", 12, "L", "2800000", multiplier="1")
SOURCES = """
[[source]]
kind = "table"
inbox = "../tables"
kept = "kept/tables"
mapping = "../table.toml"
[[source]]
kind = "green-button"
inbox = "../feeds"
kept = "kept/feeds"
mapping = "../feed.toml"
[[source]]
kind = "documents"
inbox = "../papers"
kept = "kept/papers"
"""
TABLE = """
[table]
delimiter = ";"
decimal = ","
[end]
column = "Zeit"
format = "%d.%m.%Y %H:%M"
zone = "Asia/Shanghai"
midnight24 = true
[duration]
constant = "6h"
[value]
unit = "mm"
[meter]
columns = { "Zisterne" = "cistern-01" }
"""
FEED = """
[[series]]
meter = "home-01"
usage_point = "UsagePoint/1"
meter_reading = "MeterReading/1"
flow = 1
"""
PARTS = (0, 6, 12, 18)
AREA, RUNOFF = 1_000, Fraction("0.9")


def days() -> Iterator[tuple[int, str]]:
    for number in range(1, DAYS + 1):
        yield number, f"{MONTH}-{number:02d}"


def depth_tenths(number: int, part: int) -> int:
    """Rain in tenths of a millimetre."""
    return (number * 7 + part) % 31


def level_hundredths(number: int, part: int) -> int:
    """What the cistern took in, hundredths of its unit."""
    return (number * 13 + part) % 97


def watt_hours(number: int, part: int) -> int:
    return 500 + number * 37 + part * 11


def table() -> bytes:
    lines = ["Zeit;Zisterne"]
    for number, day in days():
        shown = ".".join(reversed(day.split("-")))
        for part in PARTS:
            value = level_hundredths(number, part)
            lines.append(f"{shown} {part + 6:02d}:00;{value // 100},{value % 100:02d}")
    return "\n".join([*lines, ""]).encode()


def feed() -> bytes:
    """Two usage points in one file: the other one is nobody's here."""
    blocks = []
    for number, day in days():
        start = day_bounds(day, ZONE)[0]
        readings = [
            espi_kit.reading(start + part * 3600, watt_hours(number, part), 21_600)
            for part in PARTS
        ]
        blocks.append(espi_kit.block(*readings, start=start))
    kind = espi_kit.reading_type(length=21_600)
    stranger = espi_kit.series(espi_kit.block(espi_kit.reading(0, 9_999_999, 21_600)), point="2")
    return espi_kit.feed(
        espi_kit.usage_point(),
        espi_kit.series(*blocks, kind=kind),
        espi_kit.usage_point("2"),
        stranger,
    )


def paper(number: int, day: str) -> bytes:
    start = day_bounds(day, ZONE)[0]
    tenths = [depth_tenths(number, part) for part in PARTS]
    times = [_local(start + hour * 3600) for hour in (*PARTS, 24)]
    readings = [
        [times[at], times[at + 1], f"{each // 10}.{each % 10}"] for at, each in enumerate(tenths)
    ]
    return canonical_json(
        {
            "form": "level/1",
            "kind": "rain",
            "meter": "gauge-01",
            "area_m2": AREA,
            "runoff": "0.9",
            "unit": "mm",
            "resolution": "0.1",
            "readings": readings,
        }
    )


def _local(moment: int) -> str:
    return datetime.fromtimestamp(moment, datetime.strptime("+0800", "%z").tzinfo).isoformat()


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    water = replace(STREAMS[0], meters=(CISTERN, GAUGE))
    with village(tmp_path_factory.mktemp("village"), (water, *STREAMS[1:])) as found:
        for code in ("WATER", "VPP"):
            for each in (found.inbox / code).iterdir():
                each.unlink()
        put(found.folder / "tables" / "february.csv", table())
        put(found.folder / "feeds" / "february.xml", feed())
        for number, day in days():
            put(found.folder / "papers" / f"{day}.json", paper(number, day))
        (found.folder / "table.toml").write_text(TABLE)
        (found.folder / "feed.toml").write_text(FEED)
        for worker in found.workers:
            path = worker.write_config()
            path.write_text(path.read_text().replace("[source]", "[[source]]") + SOURCES)
            worker.start()
        for worker in found.workers:
            wait_until(f"{worker.name} to come up", worker.is_up)
        found.move_to(found.end_of(DAYS))
        wait_until(
            "three statements",
            lambda: all(found.record(each, 1).version for each in (WATER, EV, VPP)),
            180,
        )
        yield found


def gross(found: Village, stream: int) -> tuple[int, int]:
    """Gross and coverage of the attested statement, as each worker shows them."""
    for worker in found.workers:
        wait_until(
            "its evidence",
            lambda worker=worker: worker.get(f"/v1/statements/{stream}/1/1").status_code == 200,  # type: ignore[misc]
        )
    shown = {
        (int(each["statement"]["gross"]), int(each["statement"]["coverageBp"]))
        for each in (worker.get(f"/v1/statements/{stream}/1/1").json() for worker in found.workers)
    }
    (only,) = shown
    return only


def test_water_of_a_table_and_of_documents_is_what_a_hand_computes(month: Village) -> None:
    litres = 0
    for number, _ in days():
        for part in PARTS:
            litres += level_hundredths(number, part) * 1_000 // 100
            litres += int(Fraction(depth_tenths(number, part), 10) * RUNOFF * AREA)
    # 1.60 a cubic metre is 1600 minor units a litre.
    assert gross(month, WATER) == (litres * 1_600, 10_000)


def test_energy_of_a_green_button_file_is_what_a_hand_computes(month: Village) -> None:
    by_day = sum(watt_hours(number, part) for number, _ in days() for part in (12, 18))
    by_night = sum(watt_hours(number, part) for number, _ in days() for part in (0, 6))
    assert gross(month, VPP) == (by_day * 540 + by_night * 210, 10_000)


def test_nobody_raised_an_alarm_and_everything_is_kept(month: Village) -> None:
    for worker, name in zip(month.workers, NAMES, strict=True):
        status = worker.get("/v1/status").json()
        assert (status["name"], status["alerts"], status["error"]) == (name, [], "")
        for folder, count in (("tables", 1), ("feeds", 1), ("papers", DAYS)):
            kept = worker.folder / "kept" / folder
            assert len(list(kept.glob("*.taken"))) == count
