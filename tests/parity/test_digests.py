"""Digests, heads and packed signatures are what TelemetryAnchor and StatementBook accept."""

from dataclasses import astuple, replace
from random import Random

import pytest
from hypothesis import given
from tests.parity.conftest import Node
from tests.support.anvil import AnvilError
from tests.unit.core.test_typed_data import statements

from usufruct.contracts import access_manager, statement_book, telemetry_anchor
from usufruct.core.encoding import hex0x
from usufruct.core.signing import address_of, pack_signatures, recover, sign_digest
from usufruct.core.typed_data import (
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

CHAIN = 31_337
START = 1_700_000_000
KEYS = [bytes([number]) * 32 for number in range(1, 8)]
TABLE = sorted((address_of(key) for key in KEYS), key=str.lower)
THRESHOLD = 3
BATCHES = 12


@pytest.fixture(scope="module")
def authority(node: Node) -> str:
    return node.deploy(access_manager.deploy_data(node.accounts[0]))


@pytest.fixture(scope="module")
def anchor(node: Node, authority: str) -> str:
    address = node.deploy(telemetry_anchor.deploy_data(authority, 0))
    node.send(address, telemetry_anchor.schedule_signers(TABLE, THRESHOLD).data)
    return address


@pytest.fixture(scope="module")
def book(node: Node, authority: str, anchor: str) -> str:
    return node.deploy(statement_book.deploy_data(authority, anchor, authority))


@pytest.fixture(scope="module")
def open_stream(node: Node, anchor: str) -> int:
    node.send(anchor, telemetry_anchor.open_chain(2, START).data)
    return 2


def signed(rng: Random, digest: bytes) -> tuple[int, bytes]:
    """Bitmap and signatures of some quorum."""
    chosen = rng.sample(KEYS, rng.randint(THRESHOLD, len(KEYS)))
    return pack_signatures(TABLE, {address_of(key): sign_digest(key, digest) for key in chosen})


def random_batch(rng: Random, stream: int, cursor: Cursor) -> Batch:
    return next_batch(
        cursor,
        stream=stream,
        to=cursor.to + rng.randint(1, 10**6),
        count=rng.choice((0, 1, rng.randint(0, 2**32 - 1))),
        closes=rng.random() < 0.5,
        root=rng.randbytes(32),
        content=rng.randbytes(32),
    )


def call_of(batch: Batch, cursor: Cursor, bitmap: int, blob: bytes) -> bytes:
    added = telemetry_anchor.Batch(
        batch.stream, batch.to, batch.count, batch.closes, batch.root, batch.content
    )
    position = telemetry_anchor.Cursor(*astuple(cursor))
    return telemetry_anchor.anchor(added, position, bitmap, blob).data


def test_a_chain_of_batches_is_anchored_with_our_digests_and_heads(node: Node, anchor: str):
    rng, stream = Random(7), 1
    node.send(anchor, telemetry_anchor.open_chain(stream, START).data)
    cursor = first_cursor(START)
    assert node.call(anchor, telemetry_anchor.head_of(stream)) == head_of(cursor)
    for _ in range(BATCHES):
        batch = random_batch(rng, stream, cursor)
        digest = batch_digest(Domain(CHAIN, anchor), batch)
        bitmap, blob = signed(rng, digest)
        receipt = node.send(anchor, call_of(batch, cursor, bitmap, blob))
        cursor = next_cursor(cursor, batch, digest)
        assert node.call(anchor, telemetry_anchor.head_of(stream)) == head_of(cursor)
        (log,) = receipt["logs"]
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        event = telemetry_anchor.BatchAnchored.decode(topics, bytes.fromhex(log["data"][2:]))
        assert event.head == head_of(cursor)
        assert (event.from_, event.to, event.first) == (batch.from_, batch.to, batch.first)
        kept = node.call(anchor, telemetry_anchor.head_at(stream, batch.to))
        assert kept == (head_of(cursor) if batch.closes else bytes(32))


@pytest.mark.parametrize(
    "change",
    [
        {"count": 4},
        {"closes": True},
        {"root": bytes(32)},
        {"content": bytes(32)},
        {"to": START + 5},
    ],
)
def test_a_batch_that_was_not_signed_so_is_refused(
    node: Node, anchor: str, open_stream: int, change: dict[str, object]
):
    rng, cursor = Random(8), first_cursor(START)
    batch = random_batch(rng, open_stream, cursor)
    batch = replace(batch, count=3, closes=False, to=START + 9)
    bitmap, blob = signed(rng, batch_digest(Domain(CHAIN, anchor), batch))
    node.ask(anchor, call_of(batch, cursor, bitmap, blob))
    with pytest.raises(AnvilError) as caught:
        node.ask(anchor, call_of(replace(batch, **change), cursor, bitmap, blob))
    assert caught.value.error["data"].startswith(hex0x(telemetry_anchor.BadSignature.SELECTOR))


@given(statement=statements)
def test_statements_have_the_book_s_digest(node: Node, book: str, statement: Statement):
    asked = statement_book.Statement(*astuple(statement))
    found = node.call(book, statement_book.hash_statement(asked))
    assert found == statement_digest(Domain(CHAIN, book), statement)


def test_quorums_we_pack_are_quorums(node: Node, anchor: str):
    rng = Random(9)
    for _ in range(20):
        digest = rng.randbytes(32)
        bitmap, blob = signed(rng, digest)
        node.call(anchor, telemetry_anchor.require_quorum(digest, bitmap, blob))


def test_a_signature_we_refuse_is_refused_there_too(node: Node, anchor: str):
    digest = bytes(range(32))
    bitmap, blob = pack_signatures(TABLE, {address_of(k): sign_digest(k, digest) for k in KEYS[:3]})
    broken = blob[:63] + bytes([blob[63] ^ 1]) + blob[64:]
    with pytest.raises(AnvilError):
        node.call(anchor, telemetry_anchor.require_quorum(digest, bitmap, broken))
    signer = TABLE[(bitmap & -bitmap).bit_length() - 1]
    assert recover(digest, blob[:64]) == signer
