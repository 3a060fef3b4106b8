"""OCMF records: what the specification (SAFE e.V., 1.3) demands, and nothing it forbids."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.ocmf_kit import fiscal, payload, reading, session, signed, text_of

from usufruct_oracles.sources.ocmf import OcmfError, Page, parse
from usufruct_oracles.sources.ocmf.record import MAX_RECORD

# --- What is read ---


def test_fields_are_read_as_written() -> None:
    found = parse(signed(payload(TT="Tariff 1", CF="2.1", CT="EVSEID", CI="DE*1")))
    assert (found.version, found.page) == ("1.0", Page("T", 41))
    assert found.gateway == ("Gateway 1", "GW-0001", "1.4")
    assert found.meter == ("Maker", "Model", "M-0001", "1.0")
    assert found.user is not None
    assert (found.user.assigned, found.user.level, found.user.kind) == (
        True,
        "VERIFIED",
        "ISO14443",
    )
    assert (found.user.flags, found.user.tariff) == (("RFID_PLAIN", "OCPP_RS_TLS"), "Tariff 1")
    assert (found.controller, found.charge_point) == ("2.1", ("EVSEID", "DE*1"))
    begin, end = found.readings
    assert (begin.reason, begin.value, begin.register) == ("B", Decimal("100.5"), "1-0:1.8.0")
    assert (begin.time, begin.clock, begin.unit) == (1_790_841_600_000, "S", "kWh")
    assert (end.reason, end.value, end.state, end.errors) == ("E", Decimal("107.75"), "G", "")


def test_the_user_is_not_shown_in_a_representation() -> None:
    assert "1F2D3A4F5506C7" not in repr(parse(signed()))


@pytest.mark.parametrize("number", ["2935.60", "2935.600000000", "0.1", "1833", "1.5E2"])
def test_values_keep_their_digits(number: str) -> None:
    body = text_of(payload(RD=[reading(value=0), reading("E", 987_654)]))
    found = parse(signed(body.replace("987654", number)))
    assert str(found.readings[1].value) == str(Decimal(number))


def test_a_reading_takes_over_what_it_leaves_out() -> None:
    rest = {"TM": "2026-10-01T10:15:00,000+0200 S", "TX": "C", "RV": 103}
    last = {"TM": "2026-10-01T10:30:00,000+0200 R", "TX": "E"}
    found = parse(signed(payload(RD=[reading(), rest, last]))).readings
    assert [each.register for each in found] == ["1-0:1.8.0"] * 3
    assert [each.unit for each in found] == ["kWh"] * 3
    assert [each.state for each in found] == ["G"] * 3
    assert [each.value for each in found] == [Decimal("100.5"), 103, 103]


def test_an_error_flag_is_taken_over_too() -> None:
    last = {"TM": "2026-10-01T10:30:00,000+0200 S", "TX": "E", "RV": 103}
    found = parse(signed(payload(RD=[reading(EF="E"), last]))).readings
    assert found[1].errors == "E"


def test_loss_compensation_is_read() -> None:
    loss = {"LN": "cable", "LI": 1, "LR": 2.5, "LU": "mOhm"}
    found = parse(signed(payload(FV="1.2", LC=loss, RD=session(CL=0.5))))
    assert found.compensation is not None
    assert (found.compensation.resistance, found.compensation.unit) == (Decimal("2.5"), "mOhm")
    assert found.readings[1].loss == Decimal("0.5")


def test_a_fiscal_record_has_no_user_and_no_reason() -> None:
    found = parse(signed(fiscal()))
    assert found.user is None
    assert [each.reason for each in found.readings] == ["", ""]


@pytest.mark.parametrize(
    "changed",
    [
        {"FV": None},
        {"FV": "1.3"},
        {"MS": None},
        {"MS": "", "MV": None},
        {"GS": None},
        {"IL": None, "IF": None, "ID": None},
        {"IL": "", "IF": [], "ID": "", "CT": "", "CI": ""},
        {"PG": "T0"},
        {"MS": None, "GS": None, "CT": "EVSEID", "CI": "M-0001"},
        {"CT": "CBIDC", "CI": "STEVE_01 1"},
        {"IF": ["RFID_PLAIN", "RFID_PSK"]},
        {"XVendor": {"any": ["thing"]}, "U1": 1.5},
        {"FV": "1.4", "NEW": "a field of a later minor version"},
    ],
)
def test_what_the_specification_leaves_open_is_taken(changed: dict[str, Any]) -> None:
    assert parse(signed(payload(**changed))).serial in {"M-0001", "GW-0001"}


def test_white_space_around_the_objects_is_part_of_the_signed_bytes() -> None:
    record = f'OCMF| \r\n{json.dumps(payload(), indent=2)}\t|\n{{ "SD" : "00" }}\n'
    assert parse(record).payload.startswith(b" \r\n{\n")
    assert parse(record).payload.endswith(b"}\t")


# --- What is refused ---


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("FV", {"FV": "0.4"}),
    ("FV", {"FV": "2.0"}),
    ("FV", {"FV": "1"}),
    ("FV", {"FV": 1.0}),
    ("PG", {"PG": None}),
    ("PG", {"PG": "T01"}),
    ("PG", {"PG": "12"}),
    ("PG", {"PG": "X1"}),
    ("PG", {"PG": "T-1"}),
    ("MS", {"MS": None, "GS": None}),
    ("IS", {"IS": None}),
    ("IS", {"IS": "true"}),
    ("IT", {"IT": None}),
    ("IT", {"IT": "RFID"}),
    ("IL", {"IL": "SOMETHING"}),
    ("IF", {"IF": "RFID_PLAIN"}),
    ("IF", {"IF": ["RFID_OTHER"]}),
    ("IF", {"IF": ["RFID_PLAIN"] * 5}),
    ("CI", {"CT": "CBIDC", "CI": "box"}),
    ("MS", {"MS": None, "GS": None, "CI": "DE*1"}),
    ("IF", {"IF": [1]}),
    ("ID", {"ID": "123"}),
    ("ID", {"IT": "ISO15693", "ID": "112233445566CC"}),
    ("TT", {"TT": "x" * 251}),
    ("CF", {"CF": "x" * 26}),
    ("CT", {"CT": "OTHER"}),
    ("LC.LR", {"LC": {"LU": "mOhm"}}),
    ("LC.LU", {"LC": {"LR": 1}}),
    ("LC.LU", {"LC": {"LR": 1, "LU": "kWh"}}),
    ("LC.LX", {"LC": {"LR": 1, "LU": "uOhm", "LX": 1}}),
    ("L", {"L": 1}),
    ("RD", {"RD": None}),
    ("RD", {"RD": []}),
    ("RD", {"RD": reading()}),
    ("RD[0]", {"RD": ["x"]}),
    ("RD", {"RD": [reading()] * 1025}),
    ("RD[0].TM", {"RD": [reading(TM=None)]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-10-01T10:00:00.000+0200 S")]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-10-01T10:00:00,000+02:00 S")]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-10-01T10:00:00,000Z S")]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-02-30T10:00:00,000+0200 S")]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-10-01T10:00:00,000+0200 Q")]}),
    ("RD[0].TM", {"RD": [reading(TM="2026-10-01T10:00:00,000+0200")]}),
    ("RD[0].TX", {"RD": [reading("Z")]}),
    ("RD[0].TX", {"RD": [reading(None)]}),
    ("RD[0].RV", {"RD": [reading(value="100.5")]}),
    ("RD[0].RV", {"RD": [reading(value=True)]}),
    ("RD[0].RV", {"RD": [reading(value=None)]}),
    ("RD[0].RV", {"RD": [reading(value=10**15)]}),
    ("RD[0].RI", {"RD": [reading(RI="energy")]}),
    ("RD[0].RU", {"RD": [reading(RU=None)]}),
    ("RD[0].RI", {"RD": [reading(RI=None)]}),
    ("RD[0].RU", {"RD": [reading(RU="sec")]}),
    ("RD[0].RT", {"RD": [reading(RT="3AC")]}),
    ("RD[0].CL", {"RD": [reading("E", CL=0.5, RI="1-0:1.7.0")]}),
    ("RD[0].EF", {"RD": [reading(EF="T")]}),
    ("RD[0].EF", {"RD": [reading(EF="EE")]}),
    ("RD[0].ST", {"RD": [reading(ST=None)]}),
    ("RD[0].ST", {"RD": [reading(ST="")]}),
    ("RD[0].ST", {"RD": [reading(ST="GG")]}),
    ("RD[0].EI", {"RD": [reading(EI=5)]}),
    ("NEW", {"NEW": 1}),
    ("A", {"A": 1}),
]


@pytest.mark.parametrize(("field", "changed"), REFUSED)
def test_what_the_specification_forbids_is_refused(field: str, changed: dict[str, Any]) -> None:
    with pytest.raises(OcmfError) as refused:
        parse(signed(payload(**changed)))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "changed"),
    [("IS", {"IS": True}), ("IT", {"IT": "NONE"}), ("RD[0].TX", {"RD": [reading("B")]})],
)
def test_a_fiscal_record_with_a_transaction_is_refused(field: str, changed: dict[str, Any]) -> None:
    with pytest.raises(OcmfError) as refused:
        parse(signed(fiscal(**changed)))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "section"),
    [
        ("SD", {"SD": None}),
        ("SD", {"SD": ""}),
        ("SD", {"SD": "ABC"}),
        ("SD", {"SD": "0x00"}),
        ("SD", {"SE": "base64", "SD": "AAA"}),
        ("SD", {"SE": "base64", "SD": "AB=="}),
        ("SD", {"SD": "00" * 513}),
        ("SD", {"SD": 5}),
        ("SA", {"SA": "ECDSA-secp521r1-SHA256"}),
        ("SA", {"SA": ""}),
        ("SE", {"SE": "HEX"}),
        ("SM", {"SM": "application/x-raw"}),
        ("SX", {"SX": 1}),
    ],
)
def test_a_signature_section_that_breaks_the_specification_is_refused(
    field: str, section: dict[str, Any]
) -> None:
    with pytest.raises(OcmfError) as refused:
        parse(signed(**section))
    assert refused.value.field == field


def test_extensions_of_the_signature_section_are_taken() -> None:
    assert parse(signed(A1="of a processor", V2="of a vendor", SM="application/x-der"))


@pytest.mark.parametrize(
    "record",
    [
        "",
        "OCMF",
        "OCMF|{}",
        " " + signed(),
        "\ufeff" + signed(),
        signed() + "|",
        signed().replace("OCMF", "ocmf"),
        signed(payload(GI="a|b")),
        "OCMF||{}",
        "OCMF|[]|{}",
        signed("not json"),
        signed(text_of(payload())[:-1] + ',"PG":"T42"}'),
        signed(text_of(payload()).replace("100.5", "NaN")),
        signed(text_of(payload()).replace("100.5", "Infinity")),
        signed(text_of(payload()).replace("100.5", "1" * 5000)),
        signed(text_of(payload()).replace("100.5", "1E99999")),
        signed(text_of(payload()).replace("100.5", "0100.5")),
        signed(text_of(payload()).replace("Maker", "\\ud800")),
        signed(text_of(payload(X=1)).replace('"X": 1', '"X": ' + "[" * 5000 + "]" * 5000)),
        "OCMF|" + "x" * MAX_RECORD + "|{}",
    ],
)
def test_what_is_no_record_is_refused(record: str) -> None:
    with pytest.raises(OcmfError):
        parse(record)


def test_bytes_that_are_no_utf8_are_refused() -> None:
    with pytest.raises(OcmfError):
        parse(signed(payload(GI="Gerät")).encode().replace(b"Ger", b"\xff"))
    assert parse(signed(payload(GI="Gerät")).encode()).gateway[0] == "Gerät"


@given(st.text(max_size=60), st.text(max_size=60))
def test_text_from_outside_raises_nothing_else(body: str, section: str) -> None:
    with pytest.raises(OcmfError):
        parse(f"OCMF|{body}|{section}")


def outcome(body: object) -> str:
    """The page of a record that is read, else the one line that says why it is not."""
    try:
        return str(parse(signed(body)).page)
    except OcmfError as error:
        return error.one_line()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(payload(LC=1, CL=1, TT=1, CF=1, CT=1, CI=1))), JSON)
def test_any_value_of_any_field_is_read_or_refused(name: str, value: object) -> None:
    assert outcome(payload(**{name: value}))


@given(st.sampled_from(sorted(reading(CL=1))), JSON)
def test_any_value_of_any_field_of_a_reading_is_read_or_refused(name: str, value: object) -> None:
    assert outcome(payload(RD=[{**reading(), name: value}]))


@given(
    st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False),
    st.decimals(min_value=0, max_value=10**9, places=3, allow_nan=False),
    st.integers(min_value=0, max_value=10**17),
)
def test_what_is_encoded_is_read_back(begin: Decimal, end: Decimal, page: int) -> None:
    body = text_of(payload(PG=f"T{page}", RD=[reading(value=111_111), reading("E", 222_222)]))
    body = body.replace("111111", str(begin)).replace("222222", str(end))
    found = parse(signed(body))
    assert [each.value for each in found.readings] == [begin, end]
    assert (found.page.number, found.payload) == (page, body.encode())
