"""Gas of a pool fund that passes the income of two series on to its holders."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.village import Village

from benches._gas.world import AMOUNT, TARIFF, put, unlock
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address, shared
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import pool_fund as pf
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.core.keccak import keccak256

_NO_STREAM = 2**32 - 1


def rows(url: str) -> list[Row]:
    """The third month of a fund with one holder, and with a thousand; each begins with a year."""
    village = Village(ChainClient(url))
    units = _unit_factory(village)
    figures = []
    year = datetime.fromtimestamp(village.now(), UTC).year
    for holders in (1, 1_000):
        year += 1
        village.move_to(_time(year, 1, 2))
        fund = _fund(village, units, holders)
        used = [_month(village, fund, number, _time(year, number + 1, 16)) for number in (1, 2, 3)]
        name = f"pass the income of two series through a fund, {holders:,} holder(s)"
        figures.append(at_most(name, used[-1], "gas", 310_000))
    return figures


def _time(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


def _unit_factory(village: Village) -> Address:
    authority, money = village.at["AccessManager"], village.at["SettlementCurrency"]
    funds = put(
        village, "FundFactory", ff.deploy_data(authority, money, village.at["SeriesFactory"])
    )
    places = (authority, village.at["ParticipantRegistry"], money, funds)
    extension = put(village, "UnitExtension", se.deploy_data(*places))
    right = put(village, "UnitRight", rr.deploy_data(*places, extension))
    factory = put(village, "UnitFactory", sf.deploy_data(authority, right))
    village.do("FundFactory", ff.set_units(factory))
    return factory


def _fund(village: Village, factory: Address, holders: int) -> tuple[Address, list[Address]]:
    text = (b"POOL%d" % holders).ljust(32, b"\0")
    terms = shared.Terms(text, text, _NO_STREAM, 1, 1_000, 3, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0, False)
    units = village.ask(factory, sf.address_of(terms, text))
    village.do(factory, sf.create(terms, text))
    fund_terms = shared.FundTerms(units, 1, 9_000, 1, 15, 0)
    village.do("FundFactory", ff.open(fund_terms))
    fund = village.ask("FundFactory", ff.fund_of(units))
    wallets = [address(keccak256(b"unit%d/%d" % (holders, n))[12:]) for n in range(holders)]
    for at in range(0, holders, 250):
        page = wallets[at : at + 250]
        village.admit(page)
        village.do(units, rr.issue(page, [10] * len(page)))
    village.do(units, rr.seal())
    village.admit([fund])
    return fund, [_holding(village, fund, holders * 10 + number) for number in (1, 2)]


def _holding(village: Village, fund: Address, stream: int) -> Address:
    village.open_stream(stream, village.now(), TARIFF)
    series = village.create_series(stream, f"HELD{stream}", {str(fund): 5_000})
    village.do("FundFactory", ff.admit(fund, series))
    return series


def _month(
    village: Village, fund: tuple[Address, list[Address]], number: int, passed_on: int
) -> int:
    """Both series earn, the month ends, the fund passes its income on."""
    pool, held = fund
    waterfall = village.at["Waterfall"]
    unlock(village, waterfall)
    for series in held:
        village.do("SettlementCurrency", sc.mint(series, AMOUNT))
        village.do(series, rr.distribute(number, AMOUNT), waterfall)
    village.move_to(passed_on)
    return village.do(pool, pf.pass_through()).gas_used
