"""`usufruct-oracle inspect` and `token`: what a person sees, and the exit codes."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from tests.unit.oracles.kit import ROOT
from tests.unit.oracles.ocmf_kit import (
    P256,
    P384,
    fiscal,
    key,
    of_meter,
    payload,
    reading,
    session,
    signed,
    spki,
)
from tests.unit.oracles.ocpp_kit import call, event, signed_sample, transaction, values

from usufruct.core.encoding import hex0x
from usufruct.errors import InputError
from usufruct_oracles import cli
from usufruct_oracles.inspect_file import Question, inspect
from usufruct_oracles.sources.alive import heartbeat_payload
from usufruct_oracles.sources.messages import envelope
from usufruct_oracles.sources.ocmf import compressed
from usufruct_oracles.sources.ocpp import pack
from usufruct_oracles.sources.push.tokens import token_hash

COMMUNITY = ROOT / "examples" / "community.toml"


def shown(raw: str | bytes, with_key: bytes | None = None) -> str:
    question = Question(None if with_key is None else with_key.hex())
    return str(inspect(raw.encode() if isinstance(raw, str) else raw, question))


def test_a_record_shows_its_fields_its_signature_and_what_counts() -> None:
    found = shown(signed(), spki(key(P256)))
    assert "page T41" in found
    assert "M-0001" in found
    assert "7.25 kWh from 2026-10-01T08:00:00+00:00 for 1800 s" in found
    assert "holds" in found
    assert hex0x(compressed("secp256r1", spki(key(P256)))) in found
    assert 'scheme = "device-p256"' in found


def test_the_user_is_not_shown() -> None:
    assert "1F2D3A4F5506C7" not in shown(signed())


def test_a_record_of_another_curve_is_registered_through_a_gateway() -> None:
    assert "through a gateway" in shown(signed(algorithm=P384), spki(key(P384)))


def test_a_forged_record_is_told_and_is_not_sound() -> None:
    forged = signed().replace("107.75", "907.75").encode()
    sheet = inspect(forged, Question(spki(key(P256)).hex()))
    assert not sheet.sound
    assert "DOES NOT HOLD" in str(sheet)


def test_what_does_not_count_says_why() -> None:
    found = shown(signed(payload(RD=session(ST="M"))))
    assert "NOT: meter-status: meter status M (manipulated)" in found
    assert "not judged" in found


def test_records_of_one_file_are_read_together() -> None:
    begin, end = session()
    first, last = signed(payload(PG="T41", RD=[begin])), signed(payload(PG="T43", RD=[end]))
    assert "pages missing" in shown(f"{first}\n{last}\n")
    second = signed(payload(PG="T42", RD=[end]))
    assert "7.25 kWh" in shown(f"{first}\n{second}\n")


def test_fiscal_values_are_intervals() -> None:
    quarter = [reading(None, 10, "10:00:00"), reading(None, 10.25, "10:15:00")]
    assert "0.25 kWh" in shown(signed(fiscal(RD=quarter)))


def test_transactions_of_ocpp_are_shown() -> None:
    found = shown(pack(transaction()))
    assert "Started 0 of tx-1" in found
    assert "7250 Wh from" in found
    assert "a gateway signs" in found
    assert "events missing" in shown(pack([transaction()[0], transaction()[2]]))


def test_signed_values_of_ocpp_are_judged() -> None:
    body = call(event("Ended", 1, values("08:30:00", signed_sample(signed())), offline=True))
    found = shown(body, spki(key(P256)))
    assert "offline" in found
    assert "signed OCMF" in found
    assert "holds" in found


def test_an_envelope_is_opened() -> None:
    found = shown(envelope("EV", "charger-01", "ocmf/1", signed(algorithm=P384).encode()))
    assert "stream EV, meter charger-01, form ocmf/1" in found
    assert "7.25 kWh" in found


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"OCMF|{}|{}",
        b"[]",
        b"<values/>",
        b"usufruct/message/1\nEV",
        envelope("EV", "charger-01", "other/1", b"x"),
    ],
)
def test_what_cannot_be_inspected_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        inspect(raw, Question())


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["usufruct-oracle", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_registered_key_judges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "record.ocmf"
    of = ("--community", str(COMMUNITY), "--meter", "charger-01")
    path.write_text(of_meter())
    assert run(monkeypatch, "inspect", str(path), *of) == 0
    assert "holds" in capsys.readouterr().out
    path.write_text(of_meter().replace("107.75", "907.75"))
    assert run(monkeypatch, "inspect", str(path), *of) == 1
    path.write_bytes(heartbeat_payload("EV", "charger-01", "2026-10-01", 0))
    assert run(monkeypatch, "inspect", str(path), *of, "--form", "alive/1") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "nowhere.ocmf"),
        ("inspect", __file__),
        ("inspect", __file__, "--meter", "charger-01"),
        ("inspect", __file__, "--community", str(COMMUNITY), "--meter", "nobody"),
        ("token", "hub"),
        ("token", "hub 1", "--meter", "a"),
        ("token", "hub", "--meter", 'a"b'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    assert run(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_token_is_shown_once_with_its_entry(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "token", "hub", "--meter", "charger-*") == 0
    shown_once = capsys.readouterr()
    secret = shown_once.err.split()[1]
    (entry,) = tomllib.loads(shown_once.out)["token"]
    assert entry == {"name": "hub", "sha256": token_hash(secret), "meters": ["charger-*"]}
    assert secret not in shown_once.out
