"""Drop folders of tables and Green Button files: kept verbatim, signed by the gateway, reported, idempotent."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
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
from usufruct.core.signing import verify_record
from usufruct.errors import ConfigError
from usufruct_oracles.sources.espi_records import (
    FORM,
    EspiImporter,
    Series,
    decode_espi,
    load_series,
)
from usufruct_oracles.sources.file_drop import FileDrop
from usufruct_oracles.sources.messages import Message, envelope
from usufruct_oracles.sources.sealing import SCHEME, Sealer, dev_key
from usufruct_oracles.validation.verdicts import Rule

LATE = 4_000_000_000
CODE = "home-01"
METERS = {CODE: replace(kit.meter(CODE), scheme=SCHEME)}
IMPORTER = EspiImporter((Series(CODE, "1", "", 1),), METERS, ZoneInfo("Asia/Shanghai"))


def drop(tmp_path: Path, reads: str = "1") -> FileDrop:
    sealer = Sealer(METERS, dev_key)
    return FileDrop(
        tmp_path / "in", {".xml"}, tmp_path / "kept", IMPORTER, reads, sealer, FixedClock(LATE)
    )


def put(tmp_path: Path, data: bytes, name: str = "a.xml") -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    (tmp_path / "in" / name).write_bytes(data)


def raw(message: Message) -> bytes:
    heading = envelope(message.stream, message.meter, message.form, b"")
    assert message.payload.startswith(heading)
    return message.payload[len(heading) :]


DATA = feed(
    usage_point(),
    series(block(reading(0, 5), reading(900, 7), reading(86_400, 9), duration=172_800)),
    series(block(reading(0, 1)), meter="2", kind=reading_type(flow=19)),
)


def test_a_file_becomes_signed_records_and_is_kept_verbatim(tmp_path: Path) -> None:
    put(tmp_path, DATA)
    messages = list(drop(tmp_path).poll())
    assert [(each.meter, each.form, each.scheme) for each in messages] == [(CODE, FORM, SCHEME)] * 2
    meter = METERS[CODE]
    for each in messages:
        assert verify_record(SCHEME, meter.public_key, each.payload, each.signature)
    rows = [row for each in messages for row in decode_espi(raw(each), meter)]
    assert [(row.start, row.fault) for row in rows] == [(0, None), (900, None), (86_400, None)]
    name = sha256(DATA).hexdigest()
    assert (tmp_path / "kept" / f"{name}.xml").read_bytes() == DATA
    report = json.loads((tmp_path / "kept" / f"{name}.report.json").read_text())
    assert report["records"] == [each.digest.hex() for each in messages]
    assert report["refused_count"] == 1
    assert "belongs to no series" in report["refused"][0][1]


def test_a_taken_file_is_not_read_again_by_a_new_worker_unless_its_mapping_changes(
    tmp_path: Path,
) -> None:
    put(tmp_path, DATA)
    first = drop(tmp_path)
    messages = list(first.poll())
    first.taken(messages[:1])
    assert list(drop(tmp_path).poll()) == messages
    first.taken(messages[1:])
    assert list(drop(tmp_path).poll()) == []
    assert list(drop(tmp_path, reads="2").poll()) == messages


def test_a_file_exported_for_longer_repeats_the_records_of_its_days(tmp_path: Path) -> None:
    put(tmp_path, DATA)
    first = list(drop(tmp_path).poll())
    longer = feed(
        usage_point(),
        series(
            block(
                reading(0, 5),
                reading(900, 7),
                reading(86_400, 9),
                reading(172_800, 1),
                duration=200_000,
            )
        ),
    )
    put(tmp_path, longer, "b.xml")
    again = list(drop(tmp_path).poll())
    assert {each.digest for each in first} < {each.digest for each in again}
    assert len({each.digest for each in again}) == 3


@pytest.mark.parametrize("data", [b"", b"<!DOCTYPE a><a/>", b"not XML"])
def test_a_file_that_cannot_be_read_is_kept_with_the_reason(tmp_path: Path, data: bytes) -> None:
    put(tmp_path, data)
    source = drop(tmp_path)
    assert list(source.poll()) == []
    report = json.loads((tmp_path / "kept" / f"{sha256(data).hexdigest()}.report.json").read_text())
    assert report["refused"][0][0] == 0
    assert list(source.poll()) == []


def test_a_file_that_is_being_written_and_others_wait(tmp_path: Path) -> None:
    put(tmp_path, DATA)
    put(tmp_path, DATA, ".hidden.xml")
    put(tmp_path, DATA, "a.txt")
    now = int((tmp_path / "in" / "a.xml").stat().st_mtime)
    clock = FixedClock(now + 1)
    sealer = Sealer(METERS, dev_key)
    source = FileDrop(tmp_path / "in", {".xml"}, tmp_path / "kept", IMPORTER, "1", sealer, clock)
    assert list(source.poll()) == []


def test_the_gateway_never_signs_for_a_meter_with_a_key_of_its_own() -> None:
    device = next(each for each in kit.community().meters if each.scheme != SCHEME)
    with pytest.raises(ConfigError) as caught:
        Sealer({device.code: device}, dev_key).message("x", device.code, FORM, b"")
    assert caught.value.field == "meter.scheme"


def test_conflicting_and_overlapping_readings_are_told_apart(tmp_path: Path) -> None:
    put(
        tmp_path,
        feed(
            usage_point(),
            series(block(reading(0, 5), reading(0, 6), reading(900, 1), reading(1000, 1))),
        ),
    )
    rows = [row for each in drop(tmp_path).poll() for row in decode_espi(raw(each), METERS[CODE])]
    faults = [row.fault for row in rows if row.fault is not None]
    assert {each.rule for each in faults} == {Rule.CONTRADICTED}
    assert [each.detail.partition(":")[0] for each in faults] == [
        "conflict",
        "conflict",
        "overlap",
        "overlap",
    ]


def test_a_register_is_no_amount(tmp_path: Path) -> None:
    put(
        tmp_path,
        feed(usage_point(), series(block(reading(0, 5)), kind=reading_type(accumulation=1))),
    )
    (row,) = [row for each in drop(tmp_path).poll() for row in decode_espi(raw(each), METERS[CODE])]
    assert row.fault is not None
    assert "register" in row.fault.detail


def test_a_series_that_fits_two_meter_readings_is_refused() -> None:
    data = feed(
        usage_point(), series(block(reading(0, 5))), series(block(reading(0, 5)), meter="2")
    )
    found = IMPORTER(data)
    assert found.cuts == ()
    assert "2 meter readings instead of one" in found.refused[0].reason


def test_the_mapping_of_series_is_read_strictly(tmp_path: Path) -> None:
    path = tmp_path / "espi.toml"
    path.write_text(
        '[[series]]\nmeter = "home-01"\nmeter_reading = "/MeterReading/01/"\nflow = 1\n'
    )
    assert load_series(path) == (Series("home-01", "", "MeterReading/01", 1),)
    path.write_text('[[series]]\nmeter = "home-01"\n')
    with pytest.raises(ConfigError, match="flow"):
        load_series(path)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"accumulation":4,"flow":1,"power":99,"uom":72,"v":1}\n',
        b'{"accumulation":4,"flow":1,"power":0,"uom":72,"v":1}\n["1"]\n',
    ],
)
def test_a_payload_that_is_no_record_is_one_row_with_its_fault(payload: bytes) -> None:
    (only,) = decode_espi(payload, METERS[CODE])
    assert only.fault is not None
