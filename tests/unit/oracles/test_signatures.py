"""Signatures of meter-days: protocol §4, all three schemes."""

from __future__ import annotations

import pytest
from tests.unit.oracles.kit import DAY, at, meter, row

from usufruct.core.signing import SCHEMES
from usufruct.errors import InputError
from usufruct_oracles.sources.records import (
    Signed,
    parse_signatures,
    record_hash,
    record_payload,
    signatures_bytes,
)
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.validation.verdicts import Rule

ONE_OF_EACH = ("home-01", "garage-01", "cistern-01")


def payload_of(code: str, lines: list[str], day: str = DAY) -> bytes:
    return record_payload(meter(code).stream, code, day, lines)


def test_the_payload_is_the_protocols() -> None:
    assert record_payload("VPP", "home-01", "2026-10-01", ["a,b", "c"]) == (
        b"usufruct/meter-day/1\nVPP\nhome-01\n2026-10-01\na,b\nc\n"
    )
    assert record_payload("VPP", "h", "2026-10-01", []) == (
        b"usufruct/meter-day/1\nVPP\nh\n2026-10-01\n"
    )
    assert record_hash(b"", b"").hex().startswith("e3b0c442")


def test_the_example_has_every_scheme() -> None:
    assert {meter(code).scheme for code in ONE_OF_EACH} == set(SCHEMES)


@pytest.mark.parametrize("code", ONE_OF_EACH)
def test_a_right_signature_holds_and_is_the_same_each_time(code: str) -> None:
    lines = [row(code, at(12), "1")]
    signed = sign_day(meter(code), DAY, lines)
    assert check_signature(meter(code), payload_of(code, lines), signed) is None
    assert sign_day(meter(code), DAY, lines) == signed


@pytest.mark.parametrize("code", ONE_OF_EACH)
def test_whatever_is_changed_breaks_it(code: str) -> None:
    lines = [row(code, at(12), "1")]
    signed = sign_day(meter(code), DAY, lines)
    flipped = bytes([signed.signature[0] ^ 1]) + signed.signature[1:]
    attempts = [
        (payload_of(code, [row(code, at(12), "2")]), signed),
        (payload_of(code, []), signed),
        (payload_of(code, lines, "2026-09-11"), signed),
        (payload_of(code, lines), Signed(code, signed.scheme, flipped)),
        (payload_of(code, lines), Signed(code, signed.scheme, bytes(64))),
        (payload_of(code, lines), sign_day(meter(code), DAY, lines, forged=True)),
    ]
    for payload, attempt in attempts:
        verdict = check_signature(meter(code), payload, attempt)
        assert verdict is not None
        assert verdict.rule is Rule.BAD_SIGNATURE


def test_missing_and_unknown_schemes() -> None:
    code, payload = "home-01", payload_of("home-01", [])
    signed = sign_day(meter(code), DAY, [])
    missing = check_signature(meter(code), payload, None)
    assert missing is not None
    assert missing.rule is Rule.MISSING_SIGNATURE
    for scheme in ("ed25519", "gateway-secp256k1"):
        verdict = check_signature(meter(code), payload, Signed(code, scheme, signed.signature))
        assert verdict is not None
        assert verdict.rule is Rule.UNKNOWN_SCHEME


def test_the_signature_file_round_trips() -> None:
    signed = [sign_day(meter(code), DAY, []) for code in ("home-01", "home-02")]
    found = parse_signatures(signatures_bytes("VPP", DAY, signed), "VPP", DAY)
    assert list(found.values()) == signed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        signatures_bytes("EV", DAY, []),
        signatures_bytes("VPP", "2026-09-11", []),
        signatures_bytes("VPP", DAY, []).replace(b'"version":1', b'"version":2'),
        signatures_bytes("VPP", DAY, []).replace(b'"version":1', b'"version":true'),
        signatures_bytes("VPP", DAY, [Signed("a", "s", bytes(63))]),
        signatures_bytes("VPP", DAY, [Signed("a", "s", bytes(64))] * 2),
    ],
)
def test_a_signature_file_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_signatures(data, "VPP", DAY)
