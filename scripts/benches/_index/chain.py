"""A made-up chain whose events keep the contracts' own books: series, transfers, distributions and claims.

Amounts are those that the contracts would emit, since they come from the same accounts (`usufruct.ledger.accounts`);
what is left out is everything else that a real chain holds. The same arguments always make the same chain.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from usufruct.chain.bloom import bloom_of
from usufruct.chain.records import Log
from usufruct.contracts import Address, revenue_right, series_factory
from usufruct.contracts._runtime import address, encode
from usufruct.contracts.shared import FundsWithdrawn, Terms
from usufruct.core.keccak import keccak256
from usufruct.index.chain import WATCHED
from usufruct.ledger.accounts import Holding, SeriesBook, claimable

__all__ = ["CHAIN_ID", "CONTRACTS", "MadeBlock", "made_chain"]

CHAIN_ID: Final = 31_337
CONTRACTS: Final = {name: address(bytes([at]) * 20) for at, name in enumerate(WATCHED, 1)}
SERIES: Final = 4
HOLDERS: Final = 250
UNITS: Final = 1_000_000
EVERY: Final = 60
"""Blocks between two distributions of a series."""
TRANSFERS: Final = 0.6
"""Share of transfers among all but distributions."""
_START: Final = 1_700_000_000
_STEP: Final = 5


@dataclass(frozen=True, slots=True)
class MadeBlock:
    """A block with its logs."""

    number: int
    hash: bytes
    parent: bytes
    timestamp: int
    logs: list[Log] = field(repr=False)
    bloom: bytes = field(repr=False)


@dataclass(slots=True)
class _Series:
    address: Address
    wallets: list[bytes]
    book: SeriesBook = field(default_factory=SeriesBook)


def made_chain(blocks: int, events: int) -> Iterator[MadeBlock]:
    """Block 0 and `blocks` more with about `events` events in all, evenly spread."""
    rng = random.Random(1)  # noqa: S311  # a chain to measure with, no secret
    series = [_Series(_address("series", at), _wallets(at)) for at in range(SERIES)]
    each = max(1, events // blocks)
    parent = bytes(32)
    for number in range(blocks + 1):
        made = _events(rng, series, number, each)
        hash_ = keccak256(parent + number.to_bytes(8))
        logs = [_log(event, number, hash_, at) for at, event in enumerate(made)]
        yield MadeBlock(number, hash_, parent, _START + _STEP * number, logs, bloom_of(logs))
        parent = hash_


_Event = tuple[Address, list[bytes], bytes]


def _events(rng: random.Random, series: Sequence[_Series], number: int, count: int) -> list[_Event]:
    if number == 0:
        return []
    if number <= len(series):
        return _issued(series[number - 1], number)
    made = [
        _distributed(rng, each, number // EVERY)
        for at, each in enumerate(series)
        if number % EVERY == at
    ]
    while len(made) < count:
        made.append(_moved(rng, rng.choice(series)))
    return made


def _issued(series: _Series, number: int) -> list[_Event]:
    text = f"S{number}".encode().ljust(32, b"\0")
    terms = Terms(
        name=text, symbol=text, stream=1, term_from=1, term_to=10_000, rank=0, decimals=0, classes=2, countries=0,
        min_ticket=1, locked_until=0, tail=0, holder_cap=0, country_cap=0, window_every=0, window_length=0,
        consent=False,
    )  # fmt: skip
    data = encode(("uint8", "bytes32", Terms.ABI), (0, bytes(32), terms.to_abi()))
    topics = [series_factory.SeriesCreated.TOPIC, _word(series.address), (1).to_bytes(32)]
    made: list[_Event] = [(CONTRACTS["SeriesFactory"], topics, data)]
    for wallet, raw in enumerate(series.wallets):
        series.book.move(None, wallet, UNITS, 0)
        topics = [revenue_right.Transfer.TOPIC, bytes(32), bytes(12) + raw]
        made.append((series.address, topics, UNITS.to_bytes(32)))
    return made


def _distributed(rng: random.Random, series: _Series, period: int) -> _Event:
    amount = rng.randint(10**9, 10**11)
    book = series.book
    book.distribute(period, book.acc + amount, book.supply, 0)
    topics = [
        revenue_right.Distributed.TOPIC,
        period.to_bytes(32),
        book.distributions.to_bytes(32),
    ]
    values = (amount, book.acc, book.supply)
    return series.address, topics, b"".join(each.to_bytes(32) for each in values)


def _moved(rng: random.Random, series: _Series) -> _Event:
    """A claim, or a transfer where nothing is to be claimed."""
    book, wallet = series.book, rng.randrange(HOLDERS)
    due = claimable(book.holdings.get(wallet, Holding()), book.acc, book.supply)
    if due and rng.random() > TRANSFERS:
        book.pay(wallet, due)
        who = bytes(12) + series.wallets[wallet]
        return series.address, [FundsWithdrawn.TOPIC, who], due.to_bytes(32)
    held = book.holdings[wallet].units
    recipient = rng.randrange(HOLDERS)
    units = rng.randint(0, held // 10)
    book.move(wallet, recipient, units, 0)
    parties = (bytes(12) + series.wallets[each] for each in (wallet, recipient))
    return series.address, [revenue_right.Transfer.TOPIC, *parties], units.to_bytes(32)


def _log(event: _Event, number: int, block_hash: bytes, index: int) -> Log:
    where, topics, data = event
    tx = keccak256(block_hash + index.to_bytes(4))
    return Log(where, topics, data, number, block_hash, tx, index, index)


def _wallets(series: int) -> list[bytes]:
    """The holders of a series; half of them hold units of the next one, too."""
    first = series * HOLDERS // 2
    return [keccak256(b"wallet%d" % (first + at))[:20] for at in range(HOLDERS)]


def _address(kind: str, at: int) -> Address:
    return address(keccak256(f"{kind} {at}".encode())[:20])


def _word(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account[2:])
