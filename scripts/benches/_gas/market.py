"""Gas of a subscription, its delivery, and trades of units against money."""

from __future__ import annotations

from tests.support.village import Village

from benches._gas.world import DAY, TARIFF, put, unlock
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, address
from usufruct.contracts import dvp_desk as dd
from usufruct.contracts import offering as of
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts.roles import Roles
from usufruct.core.keccak import keccak256
from usufruct.core.signing import address_of, sign_digest

_KEYS = [keccak256(b"trader %d" % number) for number in range(4)]
_WEALTH = 10**12
_UNITS = 1_000
_PRICE = 3


def rows(url: str) -> list[Row]:
    """One offering to the end, then one order in two fills."""
    village = Village(ChainClient(url))
    village.open_stream(1, village.now(), TARIFF)
    traders = [address(address_of(key)) for key in _KEYS]
    factories = [village.at["SeriesFactory"]]
    places = (village.at["AccessManager"], village.at["SettlementCurrency"], factories)
    offering = put(village, "Offering", of.deploy_data(*places))
    desk = put(village, "DvpDesk", dd.deploy_data(*places))
    village.admit(traders)
    for trader in traders:
        unlock(village, trader)
        village.do("SettlementCurrency", sc.mint(trader, _WEALTH))
        for spender in (offering, desk):
            village.do("SettlementCurrency", sc.approve(spender, _WEALTH), trader)
    series = village.new_series(1, "OFFERED")[0]
    return [*_offering(village, series, traders[:3]), *_trades(village, series, traders)]


def _offering(village: Village, series: Address, investors: list[Address]) -> list[Row]:
    place = [rr.place(series, 0).data[:4]]
    village.do(
        "AccessManager",
        am.set_target_function_role(village.at["SeriesFactory"], place, Roles.PLACEMENT),
    )
    village.do("AccessManager", am.grant_role(Roles.PLACEMENT, village.at["Offering"], 0))
    opens = village.now() + DAY
    terms = of.Terms(
        series, opens, opens + DAY, village.admin, opens + 40 * DAY, False, _PRICE, 1, 10**6, 0, 0
    )
    village.do("Offering", of.open(terms))
    village.move_to(opens)
    subscribed = [
        village.do("Offering", of.subscribe(1, _UNITS), investor).gas_used for investor in investors
    ]
    village.move_to(opens + DAY)
    delivered = [village.do("Offering", of.deliver(1, investor)).gas_used for investor in investors]
    village.do(series, rr.seal())
    return [
        at_most("subscribe", subscribed[-1], "gas", 150_000),
        at_most("deliver a subscription against payment", delivered[-2], "gas", 160_000),
    ]


def _trades(village: Village, series: Address, traders: list[Address]) -> list[Row]:
    """An order of the first trader; one buyer has units already, the last none."""
    maker, holder, _, newcomer = traders
    desk = village.at["DvpDesk"]
    village.do(series, rr.approve(desk, 2**256 - 1), maker)
    order = dd.Order(
        maker, address(b"\0" * 20), series, True, 900, 2_700, 0, village.now() + DAY, 1
    )
    digest = village.ask("DvpDesk", dd.digest_of(order))
    packed = sign_digest(_KEYS[0], digest)
    parity = packed[32] >> 7
    signature = packed[:32] + bytes([packed[32] & 0x7F]) + packed[33:] + bytes([27 + parity])
    used = [
        village.do("DvpDesk", dd.fill(order, signature, 300, 900), buyer).gas_used
        for buyer in (holder, holder, newcomer)
    ]
    return [
        at_most("fill of an order, its first", used[0], "gas", 156_000),
        at_most("fill of an order, another", used[1], "gas", 120_000),
        at_most("fill of an order by who has no units yet", used[2], "gas", 150_000),
    ]
