"""One function per event of the factory and of the series: units, income, payments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from usufruct.contracts import Event
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import series_standards as ss
from usufruct.contracts._runtime import WORD, bad_log
from usufruct.index.projection import Handler, Projection, RawHandler
from usufruct.ledger import models as m
from usufruct.ledger.accounts import Changes, Holding, SeriesBook

__all__ = ["RAW", "RIGHTS", "transfer_of", "withdrawal_of"]

_ADDRESS_BYTES: Final = 20
_PARTIES: Final = 3
_HOLDER: Final = 2
_COUNTRIES: Final = 8
_COUNTRY_BITS: Final = 16


def _created(p: Projection, pos: int, factory: bytes, e: sf.SeriesCreated) -> None:
    t = e.terms
    number = len(p.state.series) + 1
    raw = bytes.fromhex(e.series[2:])
    symbol = _text(t.symbol)
    p.state.series[raw] = number
    p.state.books[number] = SeriesBook()
    stream = None if p.pays_fund_units(factory) else t.stream
    p.add(
        m.series, number, pos, raw, p.state.slugs.next(symbol), stream, _text(t.name), symbol, t.term_from,
        t.term_to, t.rank, t.decimals, t.classes, json.dumps(countries(t.countries)), t.min_ticket,
        t.locked_until, t.tail, t.holder_cap, t.country_cap, t.window_every, t.window_length, t.consent,
    )  # fmt: skip


def _fund_opened(p: Projection, pos: int, _: bytes, e: ff.FundOpened) -> None:
    series = p.state.series[bytes.fromhex(e.units[2:])]
    p.add(m.fund, pos, series, p.wallet(e.fund, pos), e.level)


def _transfer(
    p: Projection, pos: int, address: bytes, topics: Sequence[bytes], data: bytes
) -> None:
    from_, to, units = transfer_of(topics, data)
    series = p.state.series[address]
    sender, recipient = p.named_by(from_, pos), p.named_by(to, pos)
    p.rows[m.transfer].append((pos, series, sender, recipient, units))
    _changed(p, pos, series, p.state.books[series].move(sender, recipient, units, p.time))


def _distributed(p: Projection, pos: int, address: bytes, e: rr.Distributed) -> None:
    series = p.state.series[address]
    before = p.state.books[series].acc
    done = p.state.books[series].distribute(e.period, e.acc, e.supply, p.time)
    p.add(
        m.distribution, pos, series, e.number, e.period, e.amount, before, e.acc, e.supply,
        done.record_at,
    )  # fmt: skip
    rows = p.rows[m.payout]
    for payout in done.payouts:
        rows.append((payout.wallet, pos, series, payout.units, payout.numerator, payout.amount))
    _changed(p, pos, series, Changes(done.holdings, []))


def _scheduled(p: Projection, pos: int, address: bytes, e: se.RecordScheduled) -> None:
    series = p.state.series[address]
    p.state.books[series].schedule(e.period, e.record_at)
    p.add(m.record, pos, series, e.period, e.record_at)


def _paid(p: Projection, pos: int, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
    by, amount = withdrawal_of(topics, data)
    series, wallet = p.state.series[address], p.wallet_of(by[-_ADDRESS_BYTES:], pos)
    book = p.state.books[series]
    p.rows[m.payment].append((pos, series, wallet, amount, book.acc))
    _changed(p, pos, series, Changes([book.pay(wallet, amount)], []))


def _skipped(p: Projection, pos: int, address: bytes, e: rr.PaymentSkipped) -> None:
    series = p.state.series[address]
    p.add(m.skipped, pos, series, p.wallet(e.holder, pos), e.amount, int(e.reason))


def _sealed(p: Projection, pos: int, address: bytes, e: rr.Sealed) -> None:
    p.add(m.series_event, pos, p.state.series[address], "sealed", e.supply)


def _paused(p: Projection, pos: int, address: bytes, _: ss.Paused) -> None:
    p.add(m.series_event, pos, p.state.series[address], "paused", None)


def _resumed(p: Projection, pos: int, address: bytes, _: ss.Unpaused) -> None:
    p.add(m.series_event, pos, p.state.series[address], "resumed", None)


def _recovered(p: Projection, pos: int, address: bytes, e: ss.Recovered) -> None:
    series, book = p.state.series[address], p.state.books[p.state.series[address]]
    lost, replacement = p.wallet(e.lost, pos), p.wallet(e.replacement, pos)
    before = book.holdings.get(lost, Holding()).numerator_at(book.acc)
    changes = book.recover(lost, replacement)
    moved = before - book.holdings[lost].numerator
    p.add(m.recovery, pos, series, lost, replacement, e.units, moved)
    _changed(p, pos, series, changes)


def _closed(p: Projection, pos: int, address: bytes, e: se.Closed) -> None:
    series = p.state.series[address]
    p.state.books[series].records.clear()
    p.add(m.series_event, pos, series, "closed", e.supply)


RIGHTS: Final[dict[type[Event], Handler]] = {
    sf.SeriesCreated: _created,
    ff.FundOpened: _fund_opened,
    rr.Distributed: _distributed,
    se.RecordScheduled: _scheduled,
    se.Closed: _closed,
    ss.Recovered: _recovered,
    rr.PaymentSkipped: _skipped,
    rr.Sealed: _sealed,
    ss.Paused: _paused,
    ss.Unpaused: _resumed,
}
"""Events of the factory and of every series it made."""
RAW: Final[dict[type[Event], RawHandler]] = {rr.Transfer: _transfer, rr.FundsWithdrawn: _paid}
"""Those that make up nearly all logs, taken from the log itself."""


def transfer_of(topics: Sequence[bytes], data: bytes) -> tuple[bytes, bytes, int]:
    """Topics that end with sender and recipient, and units of a Transfer, as its binding decodes them.

    Raises DecodeError for another shape.
    """
    if len(topics) != _PARTIES or len(data) != WORD:
        raise bad_log(rr.Transfer, topics, data)
    _, sender, recipient = topics
    return sender, recipient, int.from_bytes(data)


def withdrawal_of(topics: Sequence[bytes], data: bytes) -> tuple[bytes, int]:
    """The topic that ends with the holder, and amount of a FundsWithdrawn, as its binding decodes them.

    Raises DecodeError for another shape.
    """
    if len(topics) != _HOLDER or len(data) != WORD:
        raise bad_log(rr.FundsWithdrawn, topics, data)
    return topics[1], int.from_bytes(data)


def countries(packed: int) -> list[int]:
    """The ISO numeric codes in a series' packed list; empty means any country."""
    codes = (packed >> (_COUNTRY_BITS * place) & 0xFFFF for place in range(_COUNTRIES))
    return [code for code in codes if code]


def _text(word: bytes) -> str:
    return word.rstrip(b"\0").decode("ascii", errors="replace")


def _changed(p: Projection, pos: int, series: int, changes: Changes) -> None:
    holders, rows = p.state.holders[series], p.rows[m.checkpoint]
    for wallet, holding in changes.holdings:
        if wallet not in holders:
            holders.add(wallet)
            p.add(m.holder, series, wallet, pos)
        rows.append((series, wallet, pos, *holding))
    for each in changes.kept:
        p.add(m.kept, series, each.period, each.wallet, pos, each.units)
