"""Requests of OCPP 2.x: by their schema, to one reading for each transaction, or to intervals."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import meter
from tests.unit.oracles.ocmf_kit import of_meter
from tests.unit.oracles.ocpp_kit import (
    call,
    event,
    meter_values,
    sample,
    signed_sample,
    transaction,
    values,
)

from usufruct_oracles.sources.ocpp import (
    OcppError,
    decode,
    is_complete,
    missing_events,
    ocmf_records,
    pack,
    parse,
    unpack,
)
from usufruct_oracles.validation.verdicts import Rule

CHARGER = meter("charger-01")
QUARTERS = replace(CHARGER, interval=900)
AT_EIGHT = 1_790_841_600


def test_a_call_frame_and_its_payload_say_the_same() -> None:
    body = event("Started", 0, values("08:00:00", sample(1.5, unitOfMeasure={"unit": "kWh"})))
    framed, bare = parse(call(body)), parse(json.dumps(body))
    assert replace(framed, raw=b"") == replace(bare, raw=b"")
    assert parse(call(body, kind=6)).samples == framed.samples
    assert (framed.action, framed.kind, framed.number) == ("TransactionEvent", "Started", 0)
    assert (framed.transaction, framed.evse, framed.offline) == ("tx-1", 1, False)
    (found,) = framed.samples
    assert (found.time, found.value, found.unit) == (AT_EIGHT * 1000, Decimal("1.5"), "kWh")


def test_defaults_are_those_of_the_protocol() -> None:
    (found,) = parse(call(meter_values(values("08:00:00", sample(7))), "MeterValues")).samples
    assert (found.unit, found.measurand) == ("Wh", "Energy.Active.Import.Register")
    assert (found.context, found.location, found.phase) == ("Sample.Periodic", "Outlet", "")


@pytest.mark.parametrize(("multiplier", "value"), [(3, "1500"), (0, "1.5"), (-3, "0.0015")])
def test_a_multiplier_is_an_exponent_of_ten(multiplier: int, value: str) -> None:
    body = meter_values(values("08:00:00", sample(1.5, unitOfMeasure={"multiplier": multiplier})))
    assert parse(call(body, "MeterValues")).samples[0].value == Decimal(value)


def test_what_vendors_and_later_versions_add_is_passed_over() -> None:
    body = event("Started", 0, costDetails={"any": 1}, customData={"vendorId": "x"})
    assert parse(call(body)).number == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'[2,"id","TransactionEvent"]',
        call(event("Started", 0), "StatusNotification"),
        call(event("Started", 0), kind=3),
        call(event("Begun", 0)),
        call(event("Started", -1)),
        call(event("Started", 0, seqNo=True)),
        call(event("Started", 0, seqNo=None)),
        call(event("Started", 0, timestamp="2026-10-01T08:00:00")),
        call(event("Started", 0, timestamp="2026-02-30T08:00:00Z")),
        call(event("Started", 0, timestamp="1969-02-03T08:00:00Z")),
        call(event("Started", 0, triggerReason=None)),
        call(event("Started", 0, transactionInfo={})),
        call(event("Started", 0, transactionInfo={"transactionId": "x" * 37})),
        call(event("Started", 0, offline="no")),
        call(event("Started", 0, evse={"id": "1"})),
        call(event("Started", 0, meterValue={})),
        call(event("Started", 0, values("08:00:00", sample("1")))),
        call(event("Started", 0, values("08:00:00", sample(True)))),
        call(event("Started", 0, values("08:00:00", sample(1e30)))),
        call(event("Started", 0, values("08:00:00", sample(1, unitOfMeasure={"multiplier": 99})))),
        call(event("Started", 0, values("08:00:00", signed_sample("x", signedMeterData="*")))),
        call(event("Started", 0)).replace(b'"seqNo": 0', b'"seqNo": 0, "seqNo": 1'),
        b'{"eventType":"Started","x":' + b"[" * 99 + b"]" * 99 + b"}",
        b"{" + b" " * 300_000 + b"}",
        b"\xff\xfe",
    ],
)
def test_what_breaks_the_schema_is_refused(data: bytes) -> None:
    with pytest.raises(OcppError):
        parse(data)


@given(st.binary(max_size=60))
def test_bytes_from_outside_raise_nothing_else(data: bytes) -> None:
    with pytest.raises(OcppError):
        parse(data)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_what_is_packed_is_unpacked(frames: list[bytes]) -> None:
    assert unpack(pack(frames)) == frames


@given(st.binary(max_size=60))
def test_a_payload_from_outside_never_raises(payload: bytes) -> None:
    assert all(row.fault is not None for row in decode(payload, CHARGER))


# --- Transactions ---


def test_a_transaction_is_one_reading() -> None:
    (row,) = decode(pack(transaction()), CHARGER)
    assert row.fault is None
    assert row.line == "charger-01,2026-10-01T08:00:00+00:00,1800,7250,Wh,0"


def test_neither_order_nor_repetition_changes_it() -> None:
    frames = transaction()
    mixed = pack([frames[2], frames[0], frames[1], frames[0]])
    assert decode(mixed, CHARGER)[0].line == decode(pack(frames), CHARGER)[0].line


def test_units_of_both_ends_may_differ() -> None:
    frames = transaction()
    kilo = sample(107.75, "Transaction.End", unitOfMeasure={"unit": "kWh"})
    frames[2] = call(event("Ended", 2, values("08:30:00", kilo)))
    assert decode(pack(frames), CHARGER)[0].line.split(",")[3] == "7250"


def test_other_measurands_phases_and_places_are_not_the_register() -> None:
    noise = [
        sample(1, "Transaction.Begin", measurand="Power.Active.Import"),
        sample(2, "Transaction.Begin", phase="L1"),
        sample(3, "Transaction.Begin", location="EV"),
        sample(4, "Transaction.Begin", unitOfMeasure={"unit": "varh"}),
    ]
    frames = transaction()
    begin = values("08:00:00", *noise, sample(100_500, "Transaction.Begin"))
    frames[0] = call(event("Started", 0, begin))
    assert decode(pack(frames), CHARGER)[0].line.split(",")[3] == "7250"


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_missing_event_is_a_verdict(left_out: int) -> None:
    frames = [each for at, each in enumerate(transaction()) if at != left_out]
    (row,) = decode(pack(frames), CHARGER)
    assert row.fault is not None
    assert row.fault.rule is Rule.INCOMPLETE
    assert not is_complete([parse(each) for each in frames])


def test_gaps_of_the_sequence_are_told() -> None:
    frames = [parse(each) for each in transaction()]
    assert missing_events([frames[0], frames[2]]) == [1]
    assert missing_events(frames) == []
    assert is_complete(frames)


def test_two_events_of_one_number_conflict() -> None:
    frames = transaction()
    other = call(event("Updated", 1, values("08:15:00", sample(104_001))))
    (row,) = decode(pack([*frames, other]), CHARGER)
    assert row.fault is not None
    assert row.fault.rule is Rule.CONFLICT


def test_events_of_two_transactions_are_not_one() -> None:
    other = call(event("Ended", 2, transactionInfo={"transactionId": "tx-2"}))
    (row,) = decode(pack([*transaction()[:2], other]), CHARGER)
    assert row.fault is not None


def test_a_transaction_without_a_register_at_its_end_is_incomplete() -> None:
    frames = [*transaction()[:2], call(event("Ended", 2))]
    (row,) = decode(pack(frames), CHARGER)
    assert row.fault is not None
    assert "end" in row.fault.detail


def test_an_offline_event_counts_and_is_told() -> None:
    assert parse(call(event("Ended", 2, offline=True))).offline


# --- Intervals ---


def test_registers_a_quarter_apart_are_intervals() -> None:
    body = meter_values(
        values("08:15:00", sample(104_000, "Sample.Clock")),
        values("08:00:00", sample(100_500, "Sample.Clock")),
        values("08:30:00", sample(107_750, "Sample.Clock")),
    )
    found = decode(call(body, "MeterValues"), QUARTERS)
    assert [row.line.split(",")[2:4] for row in found] == [["900", "3500"], ["900", "3750"]]


def test_interval_values_stand_for_themselves() -> None:
    value = sample(250, "Sample.Clock", measurand="Energy.Active.Import.Interval")
    (row,) = decode(call(meter_values(values("08:15:00", value)), "MeterValues"), QUARTERS)
    assert row.line == "charger-01,2026-10-01T08:00:00+00:00,900,250,Wh,0"


def test_one_register_value_is_no_interval() -> None:
    (row,) = decode(call(meter_values(values("08:15:00", sample(1))), "MeterValues"), QUARTERS)
    assert row.fault is not None


# --- Signed values ---


def test_signed_records_are_found_verbatim_and_once() -> None:
    record = of_meter()
    both = values("08:30:00", signed_sample(record), signed_sample(record), sample(1))
    other: dict[str, Any] = signed_sample("EDL…", encodingMethod="EDL")
    found = parse(call(event("Ended", 2, both, values("08:30:00", other))))
    assert ocmf_records([found]) == [record.encode()]
