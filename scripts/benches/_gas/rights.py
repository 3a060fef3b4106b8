"""Gas of onboarding, series, settlement, distribution and payment."""

from __future__ import annotations

from tests.support.village import FAR_DAY, Village, residual

from benches._gas.world import AMOUNT, DAY, TARIFF, Stream, statement_of, unlock
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import settlement_currency as sc
from usufruct.core.keccak import keccak256

_MANY = 1_000
_MOST = 10_000
_PAGE = 250
_MONTHS = 12
_SHARE = 0x1000
_BASE_FEE, _COLD_ACCOUNT = 21_000, 2_600


def rows(url: str) -> list[Row]:
    """From the first investor to the last payment."""
    village = Village(ChainClient(url))
    figures = _onboarding(village)
    wallets = [address(keccak256(b"holder%d" % index)[12:]) for index in range(_MOST)]
    for at in range(0, _MOST, _PAGE):
        village.admit(wallets[at : at + _PAGE])
    figures.append(at_most("new series", village.new_series(1, "BARE")[1].gas_used, "gas", 250_000))
    streams = [
        _stream(village, index, wallets[:size])
        for index, size in enumerate((1, _MANY, _MOST), start=1)
    ]
    for stream in streams:
        _settle(village, stream)
        name = f"settle and distribute, {len(stream.wallets):,} holder(s), one series"
        figures.append(at_most(name, _settle(village, stream), "gas", 80_000))
    # Above, the settlement empties the waterfall's currency account, which refunds 4,800 gas.
    village.fund(streams[0].number, 1)
    name = "settle and distribute, with other money left in the waterfall"
    figures.append(at_most(name, _settle(village, streams[0]), "gas", 80_000))
    figures += _distribution(village, streams)
    return figures + _payments(village, streams[1])


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
    village.open_stream(number, start, TARIFF)
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
    start = stream.start + (stream.period - 1) * DAY
    village.move_to(max(village.now(), start + DAY) + 1)
    root = keccak256(b"%d/%d" % (stream.number, stream.period))
    village.anchor(stream.number, start + DAY, 10, root, root, closes=True)
    village.attest(statement_of(village, stream.number, stream.period, start, start + DAY))
    village.fund(stream.number, AMOUNT)
    return village.settle(stream.number, stream.period).gas_used


def _distribution(village: Village, streams: list[Stream]) -> list[Row]:
    """The series' own part of a distribution, called as the waterfall calls it."""
    waterfall, before = village.at["Waterfall"], village.client.rpc("evm_snapshot")
    unlock(village, waterfall)
    village.do("SettlementCurrency", sc.mint(waterfall, 10 * _SHARE))
    figures = []
    for stream in streams:
        moved = village.do("SettlementCurrency", sc.transfer(stream.series, _SHARE), waterfall)
        used = village.do(stream.series, rr.distribute(stream.period + 1, _SHARE), waterfall)
        # Within one transaction the base fee is paid once and the currency is another account: cold, 2,600.
        together = moved.gas_used + used.gas_used - _BASE_FEE + _COLD_ACCOUNT
        name = f"distribute and move its money, {len(stream.wallets):,} holder(s)"
        figures.append(at_most(name, together, "gas", 52_000))
    village.client.rpc("evm_revert", before)
    return figures


def _payments(village: Village, stream: Stream) -> list[Row]:
    first = _push(village, stream)
    _settle(village, stream)
    again = _push(village, stream)
    _settle(village, stream)
    claimant, other = stream.wallets[:2]
    for wallet in (claimant, other):
        unlock(village, wallet)
    claim = village.do(stream.series, rr.claim(), claimant).gas_used
    for _ in range(_MONTHS):
        _settle(village, stream)
    year = village.do(stream.series, rr.claim(), claimant).gas_used
    transfer = village.do(stream.series, rr.transfer(other, 10), claimant).gas_used
    recorded = _transfers_after_a_record_date(village, stream)
    return [
        at_most("push, a holder's first payment, page of 250", first, "gas/holder", 33_600),
        at_most(f"push, {_MANY:,} holders in pages of 250", again, "gas/holder", 16_500),
        at_most("claim", claim, "gas", 48_000),
        at_most(f"claim after {_MONTHS} distributions", year, "gas", 48_000),
        at_most("transfer between holders", transfer, "gas", 44_000),
        at_most("transfer, the first after a record date", recorded[0], "gas", 48_000),
        at_most("transfer between others after it", recorded[1], "gas", 45_000),
    ]


def _transfers_after_a_record_date(village: Village, stream: Stream) -> list[int]:
    """Two pairs of holders, while the money of the recorded period has not arrived."""
    record_at = village.now() + DAY
    village.do(stream.series, se.schedule_record(stream.period + 1, record_at))
    village.move_to(record_at + 1)
    used = []
    for seller, buyer in (stream.wallets[2:4], stream.wallets[4:6]):
        unlock(village, seller)
        used.append(village.do(stream.series, rr.transfer(buyer, 10), seller).gas_used)
    return used


def _push(village: Village, stream: Stream) -> float:
    used = 0
    for at in range(0, len(stream.wallets), _PAGE):
        used += village.do(stream.series, rr.push(stream.wallets[at : at + _PAGE])).gas_used
    return used / len(stream.wallets)
