"""From OCMF readings to what counts: energy between two values of a register, and why it may not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import meter
from tests.unit.oracles.ocmf_kit import (
    K256,
    P384,
    fiscal,
    meter_key,
    of_meter,
    payload,
    reading,
    session,
    signed,
    text_of,
)

from usufruct.config import Meter
from usufruct_oracles.sources.alive import Heartbeat
from usufruct_oracles.sources.ocmf import Page, decode, heartbeat, page_clashes, page_gaps, parse
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Rule

CHARGER = meter("charger-01")
QUARTERS = replace(CHARGER, interval=900)
AT_TEN = 1_790_841_600


def rows_of(body: object, of: Meter = CHARGER) -> list[Row]:
    return list(decode(text_of(body).encode(), of))


def rule_of(rd: list[dict[str, Any]]) -> Rule | None:
    (row,) = rows_of(payload(RD=rd))
    return None if row.fault is None else row.fault.rule


def test_a_transaction_is_one_reading_from_its_beginning_to_its_end() -> None:
    (row,) = rows_of(payload())
    assert row.fault is None
    assert (row.number, row.meter, row.start, row.duration) == (1, "charger-01", AT_TEN, 1800)
    assert row.line == "charger-01,2026-10-01T08:00:00+00:00,1800,7.25,kWh,0"
    assert row.value is not None
    assert row.value.quantity(CHARGER.multiplier) == 7250


def test_readings_in_between_change_nothing() -> None:
    between = [reading(reason, 101 + at, f"10:0{at}:00") for at, reason in enumerate("CST", 1)]
    begin, end = session()
    assert rows_of(payload(RD=[begin, *between, end]))[0].line == rows_of(payload())[0].line


@pytest.mark.parametrize("reason", "ELRAP")
def test_every_kind_of_end_ends(reason: str) -> None:
    assert rule_of([reading(), reading(reason, 107.75, "10:30:00")]) is None


def test_two_transactions_are_two_readings() -> None:
    second = [reading("B", 107.75, "11:00:00"), reading("E", 110, "11:20:00")]
    found = rows_of(payload(RD=[*session(), *second]))
    assert [row.number for row in found] == [1, 2]
    assert [row.line.split(",")[3] for row in found] == ["7.25", "2.25"]


def test_units_of_beginning_and_end_may_differ() -> None:
    (row,) = rows_of(payload(RD=[reading(), reading("E", 107_750, "10:30:00", RU="Wh")]))
    assert row.line.split(",")[3:5] == ["7.250", "kWh"]


def test_exported_energy_and_other_registers_are_not_what_was_delivered() -> None:
    begin, end = session()
    exported = [reading("B", 1, RI="1-0:2.8.0"), reading("E", 3, "10:30:00", RI="1-0:2.8.0")]
    (row,) = rows_of(payload(RD=[begin, exported[0], end, exported[1]]))
    assert row.line.split(",")[3] == "7.25"
    (row,) = rows_of(payload(RD=exported))
    assert row.line.split(",")[3] == "2"


def test_an_error_of_another_register_spoils_the_transaction_too() -> None:
    begin, end = session()
    other = reading("C", 3, "10:10:00", RI="1-0:2.8.0", ST="M")
    assert rule_of([begin, other, end]) is Rule.METER_STATUS


def test_fiscal_records_give_intervals() -> None:
    (row,) = rows_of(fiscal(), QUARTERS)
    assert (row.start, row.duration, row.line.split(",")[3]) == (AT_TEN, 900, "0.25")


def test_a_fiscal_record_of_a_meter_without_intervals_is_its_heartbeat() -> None:
    raw = text_of(fiscal(RD=[reading(None, 10, "23:30:00"), reading(None, 10, "24:00:00")]))
    raw = raw.replace("2026-10-01T24", "2026-10-02T00").replace("+0200", "+0800")
    assert list(decode(raw.encode(), CHARGER)) == []
    assert heartbeat(raw.encode(), CHARGER, "Asia/Hong_Kong") == Heartbeat("2026-10-01", 0)
    assert heartbeat(raw.encode(), QUARTERS, "Asia/Hong_Kong") is None
    assert heartbeat(text_of(payload()).encode(), CHARGER, "Asia/Hong_Kong") is None


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"ST": "M"}, Rule.METER_STATUS),
        ({"EF": "t"}, Rule.ERROR_FLAGS),
        ({"TM": "2026-10-01T10:15:00,000+0200 U"}, Rule.CLOCK_STATUS),
    ],
)
def test_a_bad_value_is_no_heartbeat(fields: dict[str, Any], rule: Rule) -> None:
    (row,) = rows_of(fiscal(RD=[reading(None, 10, "10:00:00", **fields)]))
    assert row.fault is not None
    assert row.fault.rule is rule


@pytest.mark.parametrize("state", "NTDRMXIOSEF")
def test_only_a_good_meter_counts(state: str) -> None:
    assert rule_of(session(ST=state)) is Rule.METER_STATUS
    assert rule_of([reading(ST=state), session()[1]]) is Rule.METER_STATUS


@pytest.mark.parametrize("errors", ["E", "t", "Et"])
def test_what_an_error_made_unusable_does_not_count(errors: str) -> None:
    assert rule_of(session(EF=errors)) is Rule.ERROR_FLAGS


def test_a_loss_that_was_not_reset_at_the_beginning_spoils_the_transaction() -> None:
    assert rule_of([reading(CL=0.5), session(CL=0.7)[1]]) is Rule.MALFORMED
    assert rule_of([reading(CL=0), session(CL=0.7)[1]]) is None


def test_an_exception_in_between_spoils_the_transaction() -> None:
    begin, end = session()
    assert rule_of([begin, reading("X", 103, "10:10:00"), end]) is Rule.ERROR_FLAGS


@pytest.mark.parametrize(
    ("begin", "end", "rule"),
    [
        ("S", "S", None),
        ("R", "R", None),
        ("I", "R", None),
        ("I", "S", None),
        ("S", "I", Rule.CLOCK_STATUS),
        ("I", "I", Rule.CLOCK_STATUS),
        ("U", "R", Rule.CLOCK_STATUS),
        ("S", "U", Rule.CLOCK_STATUS),
    ],
)
def test_the_clocks_status_decides(begin: str, end: str, rule: Rule | None) -> None:
    first = reading(TM=f"2026-10-01T10:00:00,000+0200 {begin}")
    last = reading("E", 107.75, TM=f"2026-10-01T10:30:00,000+0200 {end}")
    assert rule_of([first, last]) is rule


@pytest.mark.parametrize("rd", [session()[:1], session()[1:], [reading("C")], [reading(RU="mOhm")]])
def test_half_a_transaction_does_not_count(rd: list[dict[str, Any]]) -> None:
    assert rule_of(rd) is Rule.INCOMPLETE


def test_a_register_that_was_not_read_does_not_count() -> None:
    last = {"TM": "2026-10-01T10:30:00,000+0200 S", "TX": "E", "ST": "F", "EF": "E"}
    assert rule_of([reading(), last]) is Rule.METER_STATUS


def test_a_register_that_runs_backwards_is_a_negative_reading() -> None:
    (row,) = rows_of(payload(RD=[reading(), reading("E", 100, "10:30:00")]))
    assert row.value is not None
    assert row.value.quantity(CHARGER.multiplier) == -500


def test_a_transaction_that_ends_before_it_begins_cannot_be_read() -> None:
    assert rule_of([reading(), reading("E", 107.75, "09:00:00")]) is Rule.MALFORMED


def test_what_is_no_record_is_one_row_that_says_so() -> None:
    (row,) = decode(b'{"PG":"T01"}', CHARGER)
    assert (row.number, row.line, row.meter) == (0, '{"PG":"T01"}', "charger-01")
    assert row.fault is not None
    assert row.fault.rule is Rule.MALFORMED


# --- Under a gateway's envelope ---


def halves(page: int = 42, **fields: Any) -> list[str]:
    begin, end = session()
    first = signed(payload(PG="T41", RD=[begin]), P384)
    return [first, signed(payload(PG=f"T{page}", RD=[end], **fields), P384)]


def enveloped(records: list[str]) -> bytes:
    """What stands in the envelope."""
    return "\n".join(records).encode()


def test_a_gateway_may_enclose_a_record_whose_signature_the_chain_cannot_judge() -> None:
    pretty = signed(text_of(payload()).replace("{", "{\n"), P384)
    (row,) = decode(enveloped([pretty]), CHARGER)
    assert row.line == rows_of(payload())[0].line


def test_a_gateway_joins_the_records_of_a_transaction() -> None:
    (row,) = decode(enveloped(halves()), CHARGER)
    assert row.line == rows_of(payload())[0].line


@pytest.mark.parametrize("pair", [halves(43), halves(41), halves(MS="M-0002")])
def test_records_that_are_not_consecutive_or_of_one_meter_are_not_joined(pair: list[str]) -> None:
    (row,) = decode(enveloped(pair), CHARGER)
    assert row.fault is not None
    assert row.number == 0


@given(st.binary(max_size=80), st.booleans())
def test_bytes_from_outside_never_raise(raw: bytes, gateway: bool) -> None:
    found = decode(b"OCMF|" + raw if gateway else raw, CHARGER)
    assert all(row.fault is not None for row in found)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_a_changed_byte_never_raises(at: int, byte: int) -> None:
    raw = bytearray(signed(None, K256, meter_key()).encode())
    raw[at % len(raw)] = byte
    assert decode(bytes(raw), CHARGER)


# --- Pagination ---


def test_missing_pages_are_found_whatever_the_order_of_arrival() -> None:
    pages = [Page("T", number) for number in (9, 3, 4, 6)] + [Page("F", 1), Page("F", 3)]
    assert [str(each) for each in page_gaps(pages)] == ["F2", "T5", "T7 to T8"]
    assert page_gaps([*pages, *(Page("T", each) for each in (5, 7, 8)), Page("F", 2)]) == []


def test_two_records_on_one_page_are_a_clash() -> None:
    first, other = parse(of_meter()), parse(of_meter(payload(RD=session(RV=200))))
    same = [(each.page, each.payload) for each in (first, first)]
    assert page_clashes(same) == []
    assert [str(each.page) for each in page_clashes([*same, (other.page, other.payload)])] == [
        "T41"
    ]
