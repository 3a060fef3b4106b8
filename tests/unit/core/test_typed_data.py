from dataclasses import astuple, fields, replace

import pytest
from eth_abi import encode
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.typed_data import (
    BATCH_TYPE,
    STATEMENT_TYPE,
    Batch,
    Cursor,
    Domain,
    Statement,
    batch_digest,
    first_cursor,
    head_of,
    next_batch,
    next_cursor,
    statement_digest,
)
from usufruct.errors import EvidenceError, InputError

U16, U32, U40, U64 = (st.integers(0, 2**bits - 1) for bits in (16, 32, 40, 64))
words = st.binary(min_size=32, max_size=32)
domains = st.builds(
    Domain,
    chain_id=st.integers(0, 2**63),
    contract=st.binary(min_size=20, max_size=20).map(to_checksum_address),
)
batches = st.builds(Batch, U32, U32, words, U40, U40, U64, U32, st.booleans(), words, words)
statements = st.builds(
    Statement,
    *(U32, U32, U16, U40, U40, words, words, words, U64),
    *(st.integers(-(2**63), 2**63 - 1), words, U16, U16, words, words),
)
cursors = st.builds(Cursor, words, U32, U40, U64)


def reference(domain, type_text, record):
    """The digest as eth_account computes it."""
    name, _, rest = type_text.rstrip(")").partition("(")
    members = [
        dict(zip(("type", "name"), each.split(" "), strict=True)) for each in rest.split(",")
    ]
    message = dict(zip((each["name"] for each in members), astuple(record), strict=True))
    signable = encode_typed_data(
        {
            "name": "Usufruct",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        {name: members},
        message,
    )
    return keccak(b"\x19\x01" + signable.header + signable.body)


@given(domains, batches)
def test_batches_are_signed_as_eip712(domain, batch):
    assert batch_digest(domain, batch) == reference(domain, BATCH_TYPE, batch)


@given(domains, statements)
def test_statements_are_signed_as_eip712(domain, statement):
    assert statement_digest(domain, statement) == reference(domain, STATEMENT_TYPE, statement)


@given(cursors)
def test_a_head_is_the_hash_of_the_abi_encoding(cursor):
    encoded = encode(["bytes32", "uint32", "uint40", "uint64"], astuple(cursor))
    assert head_of(cursor) == keccak(encoded)


@given(domains, batches, st.data())
def test_every_field_of_a_batch_matters(domain, batch, data):
    field = data.draw(st.sampled_from([each.name for each in fields(Batch)]))
    value = getattr(batch, field)
    other = value[:-1] + bytes([value[-1] ^ 1]) if isinstance(value, bytes) else value ^ 1
    changed = replace(batch, **{field: bool(other) if field == "closes" else other})
    assert batch_digest(domain, changed) != batch_digest(domain, batch)


@given(cursors, batches)
def test_batches_continue_from_the_head(cursor, batch):
    cursor = replace(cursor, seq=min(cursor.seq, 2**32 - 2))
    following = next_batch(
        cursor,
        stream=batch.stream,
        to=batch.to,
        count=batch.count,
        closes=batch.closes,
        root=batch.root,
        content=batch.content,
    )
    digest = bytes(range(32))
    expected = Cursor(digest, cursor.seq + 1, batch.to, cursor.next + batch.count)
    assert next_cursor(cursor, following, digest) == expected
    assert (following.from_, following.first, following.prev) == (
        cursor.to,
        cursor.next,
        head_of(cursor),
    )


@pytest.mark.parametrize(
    ("field", "wrong"), [("seq", 2), ("prev", bytes(32)), ("from_", 101), ("first", 1)]
)
def test_a_batch_that_does_not_continue_is_refused(field, wrong):
    start = first_cursor(100)
    batch = next_batch(
        start, stream=1, to=200, count=3, closes=False, root=bytes(32), content=bytes(32)
    )
    with pytest.raises(EvidenceError) as caught:
        next_cursor(start, replace(batch, **{field: wrong}), bytes(32))
    assert caught.value.field == field.rstrip("_")


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream": 2**32},
        {"seq": -1},
        {"from_": -1},
        {"to": 2**40},
        {"prev": bytes(31)},
        {"first": bytes(32)},
        {"root": 5},
        {"content": bytes(33)},
        {"count": 2**32},
    ],
)
def test_a_field_that_does_not_fit_is_refused(wrong):
    batch = Batch(1, 1, bytes(32), 0, 1, 0, 0, False, bytes(32), bytes(32))
    with pytest.raises(InputError):
        batch_digest(Domain(1, "0x" + "11" * 20), replace(batch, **wrong))


@pytest.mark.parametrize("adjustments", [-(2**63) - 1, 2**63])
def test_an_adjustment_that_does_not_fit_is_refused(adjustments):
    empty = bytes(32)
    statement = Statement(
        *(1, 1, 1, 0, 1, empty, empty, empty, 0, adjustments, empty, 0, 0, empty, empty)
    )
    with pytest.raises(InputError):
        statement_digest(Domain(1, "0x" + "11" * 20), statement)


def test_a_domain_needs_an_address():
    with pytest.raises(InputError):
        Domain(1, "0x11").separator  # noqa: B018
