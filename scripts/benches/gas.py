"""`./scripts/bench gas`: transaction gas of every step on a local Anvil, beside its budget."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.anvil import running_anvil
from tests.support.village import FAR_DAY, Village, residual

from benches._report import Row, at_most, report
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.encoding import ZERO_HASH
from usufruct.core.keccak import keccak256

_MANY = 1_000
_MOST = 10_000
_PAGE = 250
_DAY = 86_400
_AMOUNT = 1_000_000_000
_TARIFF = keccak256(b"tariff")


@dataclass
class Stream:
    """A stream with one series, and its wallets."""

    number: int
    start: int
    series: Address
    wallets: list[Address]
    period: int = 0


def main() -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder, running_anvil(Path(folder)) as anvil:
        rows = [*_anchors(anvil.url), *_rights(anvil.url)]
    report("gas", rows)


def _anchors(url: str) -> list[Row]:
    rows = []
    for threshold, oracles in ((2, 3), (3, 7)):
        village = Village(ChainClient(url), threshold, oracles)
        start = village.now()
        village.open_stream(1, start, _TARIFF)
        village.move_to(start + 10 * _DAY)
        used = [_batch(village, start + day * _DAY, day, closes=False) for day in (1, 2)]
        rows.append(at_most(f"anchor a batch, {threshold} of {oracles}", used[-1], "gas", 55_000))
        closing = _batch(village, start + 3 * _DAY, 3, closes=True)
        rows.append(Row(f"anchor a closing batch, {threshold} of {oracles}", closing, "gas"))
        statement = _statement(village, 1, 1, start, start + 3 * _DAY)
        used_here = village.attest(statement).gas_used
        rows.append(Row(f"attest a statement, {threshold} of {oracles}", used_here, "gas"))
    return rows


def _batch(village: Village, to: int, salt: int, *, closes: bool) -> int:
    root, content = keccak256(b"root%d" % salt), keccak256(b"content%d" % salt)
    return village.anchor(1, to, 408, root, content, closes=closes).gas_used


def _statement(
    village: Village, stream: int, period: int, start: int, end: int
) -> typed_data.Statement:
    first, last = (
        village.ask("TelemetryAnchor", ta.head_at(stream, time)) for time in (start, end)
    )
    return typed_data.Statement(
        stream=stream,
        period=period,
        version=1,
        from_=start,
        to=end,
        first_head=first,
        last_head=last,
        lines_root=keccak256(b"lines"),
        gross=_AMOUNT,
        adjustments=0,
        tariff_hash=_TARIFF,
        coverage_bp=10_000,
        estimated_bp=0,
        kpis=(10_000).to_bytes(2, "big") + b"\xff" * 30,
        documents=ZERO_HASH,
    )


def _rights(url: str) -> list[Row]:
    village = Village(ChainClient(url))
    rows = [*_onboarding(village)]
    wallets = [address(keccak256(b"holder%d" % index)[12:]) for index in range(_MOST)]
    for at in range(0, _MOST, _PAGE):
        village.admit(wallets[at : at + _PAGE])
    rows.append(at_most("new series", village.new_series(1, "BARE")[1].gas_used, "gas", 250_000))
    streams = [
        _stream(village, index, wallets[:size])
        for index, size in enumerate((1, _MANY, _MOST), start=1)
    ]
    for stream in streams:
        _settle(village, stream)
        name = f"settle and distribute, {len(stream.wallets):,} holder(s), one series"
        rows.append(at_most(name, _settle(village, stream), "gas", 80_000))
    # Above, the settlement empties the waterfall's currency account, which refunds 4,800 gas.
    village.fund(streams[0].number, 1)
    name = "settle and distribute, with other money left in the waterfall"
    rows.append(at_most(name, _settle(village, streams[0]), "gas", 85_000))
    rows += _distribution(village, streams)
    return rows + _payments(village, streams[1])


def _onboarding(village: Village) -> list[Row]:
    def entry(number: int) -> pr.Registration:
        wallet = address(keccak256(b"new%d" % number)[12:])
        return pr.Registration(
            wallet, number, FAR_DAY, 344, pr.Class.PROFESSIONAL, 0, keccak256(b"id%d" % number)
        )

    single = village.do("ParticipantRegistry", pr.register(entry(1))).gas_used
    many = village.do(
        "ParticipantRegistry", pr.register_batch([entry(n) for n in range(2, 102)])
    ).gas_used
    return [
        at_most("onboard an investor, alone", single, "gas", 50_000),
        at_most("onboard an investor, in a batch of 100", many / 100, "gas", 50_000),
    ]


def _stream(village: Village, number: int, wallets: list[Address]) -> Stream:
    start = village.now()
    village.open_stream(number, start, _TARIFF)
    series = village.new_series(number, f"SER{number}")[0]
    for at in range(0, len(wallets), _PAGE):
        page = wallets[at : at + _PAGE]
        village.do(series, rr.issue(page, [1_000 + at] * len(page)))
    village.do(series, rr.seal())
    village.set_rules(
        number, [residual(series, to_series=True), residual(village.admin, to_series=False)]
    )
    return Stream(number, start, series, wallets)


def _settle(village: Village, stream: Stream) -> int:
    """Anchor, attest, fund and settle one more period; gas of the settlement."""
    stream.period += 1
    start = stream.start + (stream.period - 1) * _DAY
    village.move_to(max(village.now(), start + _DAY) + 1)
    root = keccak256(b"%d/%d" % (stream.number, stream.period))
    village.anchor(stream.number, start + _DAY, 10, root, root, closes=True)
    village.attest(_statement(village, stream.number, stream.period, start, start + _DAY))
    village.fund(stream.number, _AMOUNT)
    return village.settle(stream.number, stream.period).gas_used


def _distribution(village: Village, streams: list[Stream]) -> list[Row]:
    """The series' own part of a distribution, called as the waterfall calls it."""
    waterfall, before = village.at["Waterfall"], village.client.rpc("evm_snapshot")
    village.client.rpc("anvil_impersonateAccount", waterfall)
    village.client.rpc("anvil_setBalance", waterfall, hex(10**18))
    rows = []
    for stream in streams:
        used = village.do(
            stream.series, rr.distribute(stream.period + 1, 0x1000), waterfall
        ).gas_used
        name = f"distribute alone, {len(stream.wallets):,} holder(s)"
        rows.append(at_most(name, used, "gas", 52_000))
    village.client.rpc("evm_revert", before)
    return rows


def _payments(village: Village, stream: Stream) -> list[Row]:
    first = _push(village, stream)
    _settle(village, stream)
    again = _push(village, stream)
    _settle(village, stream)
    claimant, other = stream.wallets[:2]
    for wallet in (claimant, other):
        village.client.rpc("anvil_impersonateAccount", wallet)
        village.client.rpc("anvil_setBalance", wallet, hex(10**18))
    claim = village.do(stream.series, rr.claim(), claimant).gas_used
    transfer = village.do(stream.series, rr.transfer(other, 10), claimant).gas_used
    return [
        Row("push, a holder's first payment, page of 250", first, "gas/holder"),
        at_most(f"push, {_MANY:,} holders in pages of 250", again, "gas/holder", 16_500),
        at_most("claim", claim, "gas", 48_000),
        at_most("transfer between holders", transfer, "gas", 44_000),
    ]


def _push(village: Village, stream: Stream) -> float:
    used = 0
    for at in range(0, len(stream.wallets), _PAGE):
        used += village.do(stream.series, rr.push(stream.wallets[at : at + _PAGE])).gas_used
    return used / len(stream.wallets)


if __name__ == "__main__":
    main()
