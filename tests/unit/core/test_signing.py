from contextlib import suppress
from functools import partial
from hashlib import sha256

import pytest
from coincurve import PublicKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from eth_keys import keys
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.commitments import N
from usufruct.core.signing import (
    SCHEMES,
    address_of,
    key_xy,
    pack_signatures,
    public_key,
    recover,
    sign_digest,
    sign_record,
    unpack_signatures,
    verify_record,
)
from usufruct.errors import EvidenceError, InputError

P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ORDERS = {"device-p256": P256_N, "device-secp256k1": N, "gateway-secp256k1": N}

private_keys = st.integers(1, min(N, P256_N) - 1).map(lambda each: each.to_bytes(32, "big"))
digests = st.binary(min_size=32, max_size=32)
schemes = st.sampled_from(sorted(SCHEMES))


@given(private_keys, digests)
def test_the_signer_is_recovered(key, digest):
    signature = sign_digest(key, digest)
    assert len(signature) == 64
    assert recover(digest, signature) == address_of(key)


@given(private_keys, digests)
def test_signatures_equal_those_of_eth_keys(key, digest):
    theirs = keys.PrivateKey(key).sign_msg_hash(digest)
    vs = theirs.s | theirs.v << 255
    assert sign_digest(key, digest) == theirs.r.to_bytes(32, "big") + vs.to_bytes(32, "big")
    assert address_of(key) == keys.PrivateKey(key).public_key.to_checksum_address()


@given(private_keys, digests)
def test_the_second_form_is_refused(key, digest):
    signature = sign_digest(key, digest)
    vs = int.from_bytes(signature[32:], "big")
    high = N - (vs & (2**255 - 1))
    # A high s takes 256 bits; what is left of it in EIP-2098 is another s or refused.
    second = signature[:32] + ((high | (1 - (vs >> 255)) << 255) % 2**256).to_bytes(32, "big")
    with suppress(EvidenceError):
        assert recover(digest, second) != address_of(key)


def test_a_high_s_below_two_to_the_255_is_refused():
    signature = sign_digest(bytes([1]) * 32, bytes(32))
    with pytest.raises(EvidenceError):
        recover(bytes(32), signature[:32] + (N // 2 + 1).to_bytes(32, "big"))


@pytest.mark.parametrize("wrong", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_other_bytes_are_no_signature(wrong):
    with pytest.raises(EvidenceError):
        recover(bytes(32), wrong)


def test_a_digest_has_32_bytes():
    with pytest.raises(EvidenceError):
        recover(bytes(31), sign_digest(bytes([1]) * 32, bytes(32)))


KEYS = [bytes([number]) * 32 for number in range(1, 8)]
TABLE = sorted((address_of(key) for key in KEYS), key=str.lower)


@given(st.sets(st.integers(0, 6)))
def test_signatures_are_packed_in_the_table_s_order(places):
    signatures = {TABLE[place]: bytes([place]) * 64 for place in sorted(places, reverse=True)}
    bitmap, blob = pack_signatures(TABLE, {k.lower(): v for k, v in signatures.items()})
    assert bitmap == sum(1 << place for place in places)
    assert blob == b"".join(bytes([place]) * 64 for place in sorted(places))
    assert unpack_signatures(TABLE, bitmap, blob) == signatures


def test_a_stranger_s_signature_is_refused():
    with pytest.raises(InputError):
        pack_signatures(TABLE, {"0x" + "11" * 20: bytes(64)})


@pytest.mark.parametrize(("bitmap", "length"), [(1 << 7, 64), (1, 0), (1, 128), (3, 64), (0, 64)])
def test_bitmap_and_signatures_must_fit(bitmap, length):
    with pytest.raises(EvidenceError):
        unpack_signatures(TABLE, bitmap, bytes(length))


@given(schemes, private_keys, st.binary(max_size=300))
def test_a_meter_s_signature_verifies_and_no_other(scheme, key, payload):
    public = public_key(scheme, key)
    signature = sign_record(scheme, key, payload)
    assert len(public) == 33
    assert len(signature) == 64
    assert signature == sign_record(scheme, key, payload)
    assert verify_record(scheme, public, payload, signature)
    assert not verify_record(scheme, public, payload + b"x", signature)
    assert not verify_record(scheme, public, payload, signature[:63])
    assert not verify_record(scheme, public, payload, bytes(64))
    s = int.from_bytes(signature[32:], "big")
    high = signature[:32] + (ORDERS[scheme] - s).to_bytes(32, "big")
    assert not verify_record(scheme, public, payload, high)
    flipped = signature[:31] + bytes([signature[31] ^ 1]) + signature[32:]
    assert not verify_record(scheme, public, payload, flipped)


@given(schemes, private_keys, st.binary(max_size=100))
def test_signatures_are_plain_ecdsa(scheme, key, payload):
    curve = ec.SECP256R1() if scheme == "device-p256" else ec.SECP256K1()
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, public_key(scheme, key))
    signature = sign_record(scheme, key, payload)
    der = encode_dss_signature(*(int.from_bytes(signature[i : i + 32], "big") for i in (0, 32)))
    public.verify(der, payload, ec.ECDSA(hashes.SHA256()))
    numbers = public.public_numbers()
    assert key_xy(scheme, public_key(scheme, key)) == (
        numbers.x.to_bytes(32, "big"),
        numbers.y.to_bytes(32, "big"),
    )


def test_a_meter_s_signature_is_over_sha256():
    key, payload = bytes([7]) * 32, b"reading"
    signature = sign_record("device-secp256k1", key, payload)
    theirs = keys.PrivateKey(key).sign_msg_hash(sha256(payload).digest())
    assert signature == theirs.r.to_bytes(32, "big") + theirs.s.to_bytes(32, "big")


@pytest.mark.parametrize("scheme", ["device-p256", "device-secp256k1"])
@pytest.mark.parametrize("wrong", [b"", bytes(33), b"\x02" + b"\xff" * 32])
def test_a_point_off_the_curve_is_no_key(scheme, wrong):
    with pytest.raises(InputError):
        key_xy(scheme, wrong)


def test_an_unknown_scheme_is_refused():
    with pytest.raises(InputError):
        sign_record("rsa", bytes([1]) * 32, b"")


DIGEST = bytes([9]) * 32
LOW = sign_digest(bytes([7]) * 32, DIGEST)


def infinite():
    """A signature whose key would be the point at infinity: R = k·G and s = z/k."""
    point = PublicKey.from_secret((5).to_bytes(32, "big")).format()
    s = int.from_bytes(DIGEST, "big") * pow(5, -1, N) % N
    parity = point[0] & 1
    if s > N // 2:
        s, parity = N - s, parity ^ 1
    return point[1:] + (s | parity << 255).to_bytes(32, "big")


@pytest.mark.parametrize(
    "wrong",
    [
        bytes(32) + LOW[32:],
        LOW[:32] + bytes(32),
        N.to_bytes(32, "big") + LOW[32:],
        (N + 1).to_bytes(32, "big") + LOW[32:],
        (5).to_bytes(32, "big") + LOW[32:],  # no point has the abscissa 5
        infinite(),
        LOW + b"\x00",
    ],
)
def test_edges_of_recovery_are_refused(wrong):
    with pytest.raises(EvidenceError):
        recover(DIGEST, wrong)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_edges_of_a_meter_s_signature_are_refused(scheme):
    order, key = ORDERS[scheme], bytes([7]) * 32
    public, good = public_key(scheme, key), sign_record(scheme, key, b"x")
    words = (0, order, order + 1, order - 1, 2**256 - 1)
    for word in (each.to_bytes(32, "big") for each in words):
        assert not verify_record(scheme, public, b"x", word + good[32:])
        assert not verify_record(scheme, public, b"x", good[:32] + word)
    assert not verify_record(scheme, public, b"x", b"")
    assert not verify_record(scheme, public, b"x", good + b"\x00")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_keys_have_two_forms(scheme):
    key = bytes([7]) * 32
    compressed, good = public_key(scheme, key), sign_record(scheme, key, b"x")
    x, y = key_xy(scheme, compressed)
    assert verify_record(scheme, b"\x04" + x + y, b"x", good)
    for wrong in (
        bytes([6 + (y[-1] & 1)]) + x + y,
        b"\x00",
        b"\x04" + bytes(64),
        compressed + b"\x00",
    ):
        with pytest.raises(InputError):
            verify_record(scheme, wrong, b"x", good)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_other_bytes_are_no_private_key(scheme):
    for wrong in (
        b"",
        bytes(32),
        bytes([1]) * 31,
        bytes([1]) * 33,
        ORDERS[scheme].to_bytes(32, "big"),
    ):
        for use in (partial(public_key, scheme), partial(sign_record, scheme, payload=b"")):
            with pytest.raises(InputError) as caught:
                use(private_key=wrong)
            assert "secret" in caught.value.one_line()
    for use in (lambda: sign_digest(bytes(32), DIGEST), lambda: address_of(bytes(32))):
        with pytest.raises(InputError):
            use()


def test_only_digests_are_signed():
    with pytest.raises(InputError):
        sign_digest(bytes([7]) * 32, b"a message")
