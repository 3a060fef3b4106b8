"""Sources of the gateway, into the real journal and out as a batch: what the files say is what is anchored."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.integration.sources import mqtt_kit
from tests.support.broker import running_broker
from tests.unit.oracles import kit
from tests.unit.oracles_sources.espi_kit import (
    block,
    feed,
    reading,
    reading_type,
    series,
    usage_point,
)

from usufruct.clock import FixedClock
from usufruct.config import Community
from usufruct.core.encoding import ReadingLeaf
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.espi_records import EspiImporter, Series
from usufruct_oracles.sources.file_drop import FileDrop
from usufruct_oracles.sources.gateway import SCHEME
from usufruct_oracles.sources.imports import Importer
from usufruct_oracles.sources.messages import Message, MessageSource
from usufruct_oracles.sources.sealing import Sealer, dev_key
from usufruct_oracles.sources.table_import import TableImporter
from usufruct_oracles.sources.table_mapping import load_mapping

DAY = "2026-09-01"
PLACE = ZoneInfo("Asia/Shanghai")
TABLE = """
[start]
column = "time"
zone = "Asia/Shanghai"
[duration]
constant = "1h"
[value]
unit = "Wh"
[meter]
columns = { "a" = "home-01", "b" = "home-02" }
"""


def community() -> Community:
    found = kit.community()
    homes = ("home-01", "home-02")
    return replace(
        found,
        meters=tuple(
            replace(each, scheme=SCHEME, interval=3600) if each.code in homes else each
            for each in found.meters
        ),
    )


def sealer() -> Sealer:
    return Sealer({each.code: each for each in community().meters}, dev_key)


def journal(folder: Path, *sources: MessageSource) -> Journal:
    return Journal(
        folder / "journal.sqlite",
        community(),
        clock=FixedClock(kit.LATER),
        sources=sources,
        privacy_secret=kit.SECRET,
    )


def drop(folder: Path, importer: Importer, name: str, data: bytes) -> FileDrop:
    inbox = folder / "in"
    inbox.mkdir(exist_ok=True)
    (inbox / name).write_bytes(data)
    os.utime(inbox / name, (1_700_000_000, 1_700_000_000))
    return FileDrop(inbox, {Path(name).suffix}, folder / "kept", importer, "1", sealer())


def anchored(found: Journal) -> list[ReadingLeaf]:
    cursor = kit.start_of("VPP")
    batch = found.build_batch("VPP", cursor, kit.calendar().window_after(cursor.to))
    return [ReadingLeaf.decode(each) for each in batch.leaves]


def hours() -> Sequence[datetime]:
    first = datetime.fromisoformat(f"{DAY}T00:00:00")
    return [first + timedelta(hours=each) for each in range(24)]


def test_a_wide_table_is_anchored_with_its_exact_quantities(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TABLE)
    lines = [f"{each:%Y-%m-%d %H:%M},{100 + each.hour},{50 + each.hour}.0" for each in hours()]
    data = "\n".join(["time,a,b", *lines]).encode()
    importer = TableImporter(load_mapping(tmp_path / "map.toml"), sealer().meters)
    found = journal(tmp_path, drop(tmp_path, importer, "a.csv", data))
    found.poll()
    leaves = anchored(found)
    assert len(leaves) == 48
    ends = {leaf.end for leaf in leaves}
    assert max(ends) - min(ends) == 23 * 3600
    assert list((tmp_path / "kept").glob("*.taken"))
    found.poll()
    assert anchored(found) == leaves
    found.close()


def test_a_green_button_file_is_anchored_and_its_conflicts_are_not(tmp_path: Path) -> None:
    start = int(hours()[0].replace(tzinfo=PLACE).timestamp())
    good = [reading(start + 3600 * each, 100 + each, duration=3600) for each in range(20)]
    bad = [reading(start + 3600 * 20, value, duration=3600) for value in (7, 8)]
    kind = reading_type(length=3600)
    data = feed(usage_point(), series(block(*good, *bad, start=start), kind=kind))
    importer = EspiImporter((Series("home-01", "", "", 1),), sealer().meters, PLACE)
    found = journal(tmp_path, drop(tmp_path, importer, "a.xml", data))
    found.poll()
    assert len(anchored(found)) == 20
    verdicts: dict[str, Any] = found.verdicts(None, 1)
    told = [
        each["detail"] for each in verdicts["streams"][0]["open"] if each["rule"] == "contradicted"
    ]
    assert told == ["conflict: values 7, 8 for the same time"] * 2
    found.close()


def test_mqtt_readings_are_acknowledged_by_the_journals_commit(tmp_path: Path) -> None:
    start = int(hours()[0].replace(tzinfo=PLACE).timestamp())
    with running_broker(tmp_path / "broker") as broker:
        source = mqtt_kit.source(broker.port, tmp_path)
        source.start()
        found = journal(tmp_path, source)
        try:
            mqtt_kit.until(lambda: source.connected)
            mqtt_kit.publish(
                broker.port,
                [
                    (
                        mqtt_kit.TOPIC,
                        b'{"start":%d,"duration_s":3600,"value":1.5,"unit":"kWh"}'
                        % (start + 3600 * each),
                    )
                    for each in range(24)
                ],
            )
            mqtt_kit.until(lambda: len(anchored(found)) == 24, found.poll)
            mqtt_kit.until(lambda: source.waiting == 0, found.poll)
        finally:
            source.close()
            found.close()


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(7, 1000)])
def test_what_a_scale_makes_of_a_value_is_cut_never_rounded_up(
    tmp_path: Path, scale: Fraction
) -> None:
    text = TABLE.replace('unit = "Wh"', f'unit = "Wh"\nmultiplier = "{scale}"\nplaces = 9')
    (tmp_path / "map.toml").write_text(text)
    importer = TableImporter(load_mapping(tmp_path / "map.toml"), sealer().meters)
    lines = [f"{each:%Y-%m-%d %H:%M},{1000 + each.hour},0" for each in hours()]
    source = drop(tmp_path, importer, "a.csv", "\n".join(["time,a,b", *lines]).encode())
    found = journal(tmp_path, source)
    found.poll()
    cursor = kit.start_of("VPP")
    batch = found.build_batch("VPP", cursor, kit.calendar().window_after(cursor.to))
    exact = sum((1000 + each) * scale // 1 for each in range(24))
    assert batch.manifest.quantity == exact
    found.close()


def test_what_is_nobodys_is_rejected_and_kept(tmp_path: Path) -> None:
    found = journal(tmp_path)
    stray = Message("mqtt:site/b", "", "site/b", "json/1", b"{}", "", b"")
    (report,) = found.ingest_messages([stray])
    assert (report.status, report.accepted) == ("rejected", 0)
    (again,) = found.ingest_messages([stray])
    assert again.accepted == 0
    found.close()
