import json

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.encoding import (
    LEAF_LENGTH,
    MAX_DEPTH,
    ReadingLeaf,
    canonical_json,
    checksum_address,
    hex0x,
    load_json,
    open_quantity,
    unhex,
)
from usufruct.errors import InputError

U8, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (8, 32, 64))

leaves = st.builds(
    ReadingLeaf,
    quantity=st.binary(min_size=33, max_size=33),
    record=st.binary(min_size=32, max_size=32),
    stream=U32,
    seq=U64,
    end=U64,
    duration=U32,
    meter=U64,
    kind=U8,
    quality=U8,
    rev=U8,
    flow=U8,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(leaves)
def test_a_leaf_survives_its_encoding(leaf):
    encoded = leaf.encode()
    assert len(encoded) == LEAF_LENGTH
    assert ReadingLeaf.decode(encoded) == leaf


def test_fields_stand_where_the_protocol_says():
    quantity, record = open_quantity(0x0102), bytes(range(32))
    leaf = ReadingLeaf(quantity, record, 1, 2, 3, 4, 5, 6, 7, 8, 9).encode()
    assert leaf[0] == 0
    assert leaf[1:34] == bytes(31) + b"\x01\x02"
    assert leaf[34:66] == record
    places = ((66, 70), (70, 78), (78, 86), (86, 90), (90, 98), (98, 99), (99, 100), (100, 101))
    numbers = [int.from_bytes(leaf[start:end], "big") for start, end in (*places, (101, 102))]
    assert numbers == list(range(1, 10))


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": bytes(32)},
        {"record": bytes(33)},
        {"stream": 2**32},
        {"seq": -1},
        {"rev": 256},
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    fields = dict.fromkeys(
        ["stream", "seq", "end", "duration", "meter", "kind", "quality", "rev", "flow"], 0
    )
    with pytest.raises(InputError):
        ReadingLeaf(**({"quantity": bytes(33), "record": bytes(32)} | fields | wrong)).encode()


@pytest.mark.parametrize("wrong", [b"", bytes(101), bytes(103), b"\x01" + bytes(101)])
def test_other_bytes_are_no_leaf(wrong):
    with pytest.raises(InputError):
        ReadingLeaf.decode(wrong)


@given(st.integers(0, 2**256 - 1))
def test_open_quantities_are_tagged_numbers(quantity):
    field = open_quantity(quantity)
    assert len(field) == 33
    assert field[0] == 0
    assert int.from_bytes(field[1:], "big") == quantity


@pytest.mark.parametrize("wrong", [-1, 2**256])
def test_quantities_out_of_range_are_refused(wrong):
    with pytest.raises(InputError):
        open_quantity(wrong)


@given(values)
def test_json_survives_and_its_form_is_unique(value):
    data = canonical_json(value) if encodable(value) else None
    if data is None:
        return
    assert load_json(data) == value
    assert canonical_json(load_json(data)) == data


def encodable(value):
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(InputError):
            canonical_json(value)
        return False
    return True


def test_canonical_json_is_sorted_tight_and_utf8():
    assert (
        canonical_json({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()
    )


@pytest.mark.parametrize("wrong", [1.5, b"x", {1: 2}, {"a": [1.0]}, {1, 2}])
def test_values_without_canonical_form_are_refused(wrong):
    with pytest.raises(InputError):
        canonical_json(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b"1.5",
        b"1e3",
        b"NaN",
        b"Infinity",
        b'"\xff"',
        b"[" * 200_000,
        b'{"a":' * 17 + b"1" + b"}" * 17,
        b'"' + b'\\"' * 100_000,
        b'"' + b'\\"' * 100_000 + b"\\",
        "[]".encode("utf-16"),
        b"\xef\xbb\xbf[]",
        b"9" * 10_000,
    ],
)
def test_other_documents_are_refused(wrong):
    with pytest.raises(InputError):
        load_json(wrong)


def test_documents_may_be_as_deep_as_the_bound():
    assert load_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_brackets_in_texts_are_no_nesting():
    assert load_json(b'["' + b"[" * 100 + b'","\\"[[[[[[[[[[[[[[[[[[[["]') == [
        "[" * 100,
        '"' + "[" * 20,
    ]


@given(st.binary())
def test_hex_survives(data):
    assert unhex(hex0x(data)) == data
    assert unhex(hex0x(data), len(data)) == data


@pytest.mark.parametrize(
    "wrong", ["", "00", "0x0", "0xzz", "0x 00", "0x00 ", "0X00", "0x٠٠", 1, None]
)
def test_other_hex_is_refused(wrong):
    with pytest.raises(InputError):
        unhex(wrong)


def test_hex_of_another_length_is_refused():
    with pytest.raises(InputError):
        unhex("0x00", 2)


@given(st.binary(min_size=20, max_size=20))
def test_addresses_have_the_eip55_form(raw):
    assert checksum_address(raw) == to_checksum_address(raw)


def test_other_lengths_are_no_address():
    with pytest.raises(InputError):
        checksum_address(bytes(19))
