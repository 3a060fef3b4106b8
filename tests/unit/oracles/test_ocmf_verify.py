"""Signatures of OCMF records: over the very bytes, with the key that was given, on the curve that was named."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import meter
from tests.unit.oracles.ocmf_kit import (
    CURVES,
    K256,
    P256,
    P384,
    key,
    meter_key,
    of_meter,
    payload,
    signed,
    spki,
    text_of,
)

from usufruct.core.signing import public_key, verify_record
from usufruct.keys import dev_meter_key
from usufruct_oracles.sources.ocmf import (
    OcmfError,
    Record,
    SignatureRefused,
    compact,
    compressed,
    parse,
    verify,
)

BRAINPOOL = "ECDSA-brainpoolP256r1-SHA256"


@pytest.mark.parametrize("algorithm", CURVES)
def test_a_signature_of_every_algorithm_holds(algorithm: str) -> None:
    verify(parse(signed(algorithm=algorithm)), spki(key(algorithm)))


@pytest.mark.parametrize("algorithm", CURVES)
def test_another_key_of_the_curve_is_refused(algorithm: str) -> None:
    with pytest.raises(SignatureRefused):
        verify(parse(signed(algorithm=algorithm)), spki(key(algorithm, 1)))


def test_the_default_algorithm_is_secp256r1() -> None:
    record = parse(signed(SA=None))
    assert record.signature.algorithm == P256
    verify(record, spki(key(P256)))


def test_brainpool_goes_by_both_of_its_names() -> None:
    record = parse(signed(private=key("ECDSA-brainpool256r1-SHA256"), SA=BRAINPOOL))
    verify(record, spki(key("ECDSA-brainpool256r1-SHA256")))


def test_a_curve_that_cannot_be_judged_is_refused_with_the_reason() -> None:
    record = parse(signed(SA="ECDSA-secp192k1-SHA256"))
    with pytest.raises(OcmfError, match="secp192k1"):
        verify(record, spki(key(P256)))


def test_a_key_of_another_curve_is_refused() -> None:
    with pytest.raises(OcmfError, match="curve"):
        verify(parse(signed(algorithm=K256)), spki(key(P256)))


def test_base64_signatures_hold() -> None:
    verify(parse(signed(SE="base64")), spki(key(P256)))


def test_a_key_may_have_any_of_its_usual_forms() -> None:
    record, der = parse(signed()), spki(key(P256))
    public = key(P256).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    short = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    grouped = " ".join(der.hex()[at : at + 4] for at in range(0, 182, 4))
    for form in (
        der,
        der.hex(),
        der.hex().upper(),
        "0x" + der.hex(),
        grouped,
        base64.b64encode(der).decode(),
        point,
        point[1:],
        short,
        short.hex(),
    ):
        verify(record, form)
        assert compressed("secp256r1", form) == short


@pytest.mark.parametrize("form", [b"", b"\x04" + b"\1" * 64, "zz", "00", b"0" * 91, "A" * 2000])
def test_what_is_no_key_is_refused(form: str | bytes) -> None:
    with pytest.raises(OcmfError):
        verify(parse(signed()), form)


@pytest.mark.parametrize(
    "der", ["00", "3006020100020101", "3006020101020100", "3006020101020101", "30060201010201FF"]
)
def test_what_is_no_signature_is_refused(der: str) -> None:
    with pytest.raises(SignatureRefused):
        verify(parse(signed(SD=der)), spki(key(P256)))


def test_bytes_behind_the_signature_are_refused() -> None:
    record = parse(signed())
    with pytest.raises(SignatureRefused):
        verify(parse(signed(SD=record.signature.der.hex() + "00")), spki(key(P256)))


def test_a_payload_that_was_written_anew_is_refused() -> None:
    record = signed()
    rewritten = record.replace(text_of(payload()), json.dumps(payload(), separators=(",", ":")))
    assert parse(rewritten).readings == parse(record).readings
    with pytest.raises(SignatureRefused):
        verify(parse(rewritten), spki(key(P256)))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_of_the_payload_never_passes(at: int, change: int) -> None:
    raw = bytearray(signed().encode())
    size = len(text_of(payload()).encode())
    raw[5 + at % size] ^= change
    with pytest.raises((OcmfError, SignatureRefused)):
        verify(parse(bytes(raw)), spki(key(P256)))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_of_the_signature_never_passes(at: int, change: int) -> None:
    der = bytearray(parse(signed()).signature.der)
    der[at % len(der)] ^= change
    with pytest.raises((OcmfError, SignatureRefused)):
        verify(parse(signed(SD=der.hex())), spki(key(P256)))


# --- For the chain ---


def with_other_s(record: Record, order: int) -> Record:
    r, s = decode_dss_signature(record.signature.der)
    return parse(signed(SA=record.signature.algorithm, SD=encode_dss_signature(r, order - s).hex()))


def test_the_chain_can_judge_signatures_of_meters_registered_with_their_key() -> None:
    record, found = parse(of_meter()), meter("charger-01")
    assert verify_record(found.scheme, found.public_key, record.payload, compact(record))
    assert compressed("secp256k1", spki(meter_key())) == found.public_key


def test_the_chain_can_judge_p256_too() -> None:
    record = parse(signed())
    public = compressed("secp256r1", spki(key(P256)))
    assert verify_record("device-p256", public, record.payload, compact(record))
    assert public_key("device-p256", dev_meter_key("x"))[0] in {2, 3}


@pytest.mark.parametrize("algorithm", [P256, K256])
def test_both_values_of_s_are_one_record(algorithm: str) -> None:
    record = parse(signed(algorithm=algorithm))
    other = with_other_s(record, CURVES[algorithm].group_order)
    verify(other, spki(key(algorithm)))
    assert other.signature.der != record.signature.der
    assert compact(other) == compact(record)


def test_other_curves_have_no_form_for_the_chain() -> None:
    with pytest.raises(OcmfError, match="gateway"):
        compact(parse(signed(algorithm=P384)))
