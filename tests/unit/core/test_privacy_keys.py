import hmac
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.privacy_keys import DEPTH, PrivacyKey, Seed, meter_secret
from usufruct.errors import EvidenceError, InputError

SECRET = b"a secret of sixteen bytes or more"
IDS = st.integers(0, 2**64 - 1)


def test_secrets_follow_the_protocol():
    seed = hmac.digest(SECRET, b"usufruct/meter/2", "sha256")
    for place in range(63, -1, -1):
        seed = hmac.digest(seed, bytes([101 >> place & 1]), "sha256")
    assert meter_secret(SECRET, 101) == PrivacyKey.parse(SECRET).meter_secret(101) == seed


@given(st.lists(IDS, min_size=1, max_size=5, unique=True), IDS)
def test_every_other_meter_keeps_its_secret(erased, other):
    whole = PrivacyKey.parse(SECRET)
    left = whole
    for each in erased:
        left = left.without(each)
    for each in erased:
        assert not left.has(each)
        with pytest.raises(EvidenceError, match="destroyed"):
            left.meter_secret(each)
    for each in {other, erased[0] ^ 1, 0, 2**64 - 1} - set(erased):
        assert left.meter_secret(each) == whole.meter_secret(each)


def test_equal_keys_that_forget_the_same_are_equal_in_whatever_order():
    written = set()
    for order in permutations([31, 32, 7, 2**64 - 1]):
        key = PrivacyKey.parse(SECRET)
        for each in order:
            key = key.without(each)
        written.add(key.written())
    assert len(written) == 1


def test_forgetting_twice_changes_nothing():
    once = PrivacyKey.parse(SECRET).without(31)
    assert once.without(31).written() == once.written()


def test_nothing_that_is_left_leads_to_the_forgotten():
    whole, left = PrivacyKey.parse(SECRET), PrivacyKey.parse(SECRET).without(31)
    path = [hmac.digest(SECRET, b"usufruct/meter/2", "sha256")]
    for place in range(DEPTH - 1, -1, -1):
        path.append(hmac.digest(path[-1], bytes([31 >> place & 1]), "sha256"))
    assert path[-1] == whole.meter_secret(31)
    assert not any(seed.hex().encode() in left.written() for seed in path)


@given(st.lists(IDS, max_size=4))
def test_a_written_key_is_read_again(erased):
    key = PrivacyKey.parse(SECRET)
    for each in erased:
        key = key.without(each)
    assert PrivacyKey.parse(key.written()).written() == key.written()
    assert PrivacyKey.parse(key.written()).has(5) == (5 not in erased)


def test_a_key_shows_nothing():
    key = PrivacyKey.parse(SECRET)
    assert repr(key) == "PrivacyKey(…)"
    assert repr(Seed(1, 0, b"seed")) == "Seed(1, 0, …)"


@pytest.mark.parametrize(
    "written",
    [
        b"{",
        b'{"v":1}',
        b'{"seeds":[],"v":2}',
        b'{"seeds":[{"depth":1,"prefix":"2","seed":"0x' + b"00" * 32 + b'"}],"v":1}',
        b'{"seeds":[{"depth":65,"prefix":"2","seed":"0x' + b"00" * 32 + b'"}],"v":1}',
        b'{"seeds":[{"depth":1,"prefix":"-1","seed":"0x' + b"00" * 32 + b'"}],"v":1}',
        b'{"seeds":[{"depth":1,"prefix":"1","seed":"0x00"}],"v":1}',
    ],
)
def test_what_is_no_key_is_refused(written):
    with pytest.raises(InputError):
        PrivacyKey.parse(written)


def test_seeds_below_one_another_are_refused():
    with pytest.raises(InputError, match="below another"):
        PrivacyKey([Seed(1, 1, bytes(32)), Seed(2, 2, bytes(32))])


@pytest.mark.parametrize("meter", [-1, 2**64])
def test_other_numbers_are_no_meters(meter):
    with pytest.raises(InputError):
        PrivacyKey.parse(SECRET).meter_secret(meter)
