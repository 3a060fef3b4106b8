import hmac
from functools import reduce
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from usufruct.core.commitments import (
    INFINITY,
    H,
    N,
    add_commitments,
    blinding,
    commit,
    meter_secret,
    weigh_commitments,
)
from usufruct.core.encoding import open_quantity
from usufruct.errors import EvidenceError, InputError

P = 2**256 - 2**32 - 977
GENERATOR = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def add(a, b):
    """The group law, written down from the definition; None is the point at infinity."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(scalar, point):
    result = None
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def compressed(point):
    return INFINITY if point is None else bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def find_h():
    for attempt in range(256):
        x = int.from_bytes(sha256(b"usufruct/pedersen/H/1" + attempt.to_bytes(4, "big")).digest())
        square = (x**3 + 7) % P
        y = pow(square, (P + 1) // 4, P)
        if x < P and y * y % P == square:
            return x, min(y, P - y, key=lambda each: each & 1)
    raise AssertionError


H_POINT = find_h()
values = st.integers(0, 2**63 - 1)
scalars = st.integers(0, N - 1)


def test_h_is_the_published_point():
    assert compressed(H_POINT) == H


@settings(max_examples=20)
@given(values, scalars)
def test_a_commitment_is_v_g_plus_r_h(value, r):
    expected = add(multiply(value, GENERATOR), multiply(r, H_POINT))
    assert commit(value, r) == compressed(expected)


@pytest.mark.parametrize("value", [0, 1, 2**63 - 1, N - 1])
@pytest.mark.parametrize("r", [0, 1, N - 1])
def test_edges(value, r):
    expected = add(multiply(value, GENERATOR), multiply(r, H_POINT))
    assert commit(value, r) == compressed(expected)


@given(st.lists(st.tuples(values, scalars), max_size=8))
def test_commitments_add_up(openings):
    total = commit(sum(v for v, _ in openings) % N, sum(r for _, r in openings) % N)
    assert add_commitments([commit(v, r) for v, r in openings]) == total


@given(values, scalars)
def test_opposite_commitments_cancel(value, r):
    assert add_commitments([commit(value, r), commit(-value % N, -r % N)]) == INFINITY


def test_nothing_is_infinity_and_looks_like_the_open_zero():
    assert add_commitments([]) == add_commitments([INFINITY, INFINITY]) == INFINITY
    assert commit(0, 0) == INFINITY == open_quantity(0)


def test_ten_thousand_points_add_up():
    points = [commit(1, each) for each in range(1, 101)] * 100
    assert add_commitments(points) == commit(10_000, 100 * sum(range(1, 101)))


@pytest.mark.parametrize(
    ("value", "r", "field"),
    [(-1, 1, "value"), (N, 1, "value"), (1, -1, "blinding"), (0, N, "blinding")],
)
def test_numbers_outside_the_group_are_refused(value, r, field):
    with pytest.raises(InputError) as caught:
        commit(value, r)
    assert caught.value.field == field


def test_a_blinding_never_enters_an_error():
    with pytest.raises(InputError) as caught:
        commit(1, N + 12345)
    assert str(N + 12345) not in str(caught.value)


@given(st.lists(st.tuples(values, scalars, st.integers(0, 2**64)), max_size=4))
def test_weighed_commitments_open_to_the_weighed_sum(parts):
    points = [commit(v, r) for v, r, _ in parts]
    total = commit(sum(v * w for v, _, w in parts) % N, sum(r * w for _, r, w in parts) % N)
    assert weigh_commitments(points, [w for _, _, w in parts]) == total


def test_weights_are_natural_numbers_below_the_order():
    for weight in (-1, N):
        with pytest.raises(InputError):
            weigh_commitments([commit(1, 1)], [weight])


@pytest.mark.parametrize("wrong", [b"", b"\x02" + b"\xff" * 32, bytes(32), b"\x05" + bytes(32)])
def test_other_fields_are_no_commitments(wrong):
    with pytest.raises(EvidenceError):
        add_commitments([wrong])


def test_blindings_follow_the_protocol():
    secret = meter_secret(b"project secret", 101)
    message = b"usufruct/blinding/1" + b"".join(
        number.to_bytes(width, "big")
        for number, width in ((1, 4), (101, 8), (1_790_000_000, 8), (3600, 4), (0, 1))
    )
    expected = int.from_bytes(hmac.digest(secret, message, "sha512"), "big") % N
    assert blinding(secret, 1, 101, 1_790_000_000, 3600, 0) == expected


def test_blindings_differ_in_every_field():
    base = (1, 2, 3, 4, 5)
    others = [tuple(n + (i == place) for i, n in enumerate(base)) for place in range(5)]
    found = {blinding(b"s", *each) for each in (base, *others)} | {blinding(b"t", *base)}
    assert len(found) == 7


def test_a_zero_blinding_is_hashed_again(monkeypatch):
    answers = [bytes(64), N.to_bytes(64, "big"), (5).to_bytes(64, "big")]
    asked = []

    def digest(key, message, name):
        asked.append(message)
        return answers[len(asked) - 1]

    monkeypatch.setattr("usufruct.core.commitments.hmac.digest", digest)
    assert blinding(b"", 1, 2, 3, 4, 5) == 5
    assert asked[1] == asked[0] + b"\x01"
    assert asked[2] == asked[0] + b"\x01\x01"


def test_reference_curve_is_right():
    assert multiply(N, GENERATOR) is None
    assert reduce(add, [GENERATOR] * 5) == multiply(5, GENERATOR)
