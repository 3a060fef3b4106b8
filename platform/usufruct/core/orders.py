"""Orders of the trading desk: what they cost, their EIP-712 digest, and signing them (protocol §11)."""

from dataclasses import dataclass

from usufruct.core.eip712 import Domain, StructType
from usufruct.core.encoding import unhex
from usufruct.core.signing import sign_digest
from usufruct.errors import InputError

__all__ = ["ANYONE", "ORDER_TYPE", "Order", "cost_up", "order_digest", "sign_order"]

ORDER_TYPE = (
    "Order(address maker,address taker,address series,bool sells,uint64 units,uint64 price,"
    "uint64 minFill,uint40 expiry,uint64 nonce)"
)
"""EIP-712 type of an order."""
ANYONE = "0x" + "00" * 20
"""Taker of an order that anyone may fill."""

_ORDER = StructType(ORDER_TYPE)
_PARITY = 1 << 255


@dataclass(frozen=True, slots=True)
class Order:
    """What a maker signs.

    Attributes:
        maker: Address of the one who signs.
        taker: The only one who may fill, `ANYONE` for anyone.
        series: Address of the series.
        sells: Whether the maker sells units.
        units: Units in all.
        price: Minor units of the currency for all of the units.
        min_fill: Least units of one fill, unless fewer are left.
        expiry: Last second in which the order may be filled (unix seconds).
        nonce: Tells equal orders apart; all below a number can be cancelled at once.
    """

    maker: str
    taker: str
    series: str
    sells: bool
    units: int
    price: int
    min_fill: int
    expiry: int
    nonce: int


def order_digest(domain: Domain, order: Order) -> bytes:
    """The digest by which the desk knows an order (32 bytes); `domain` names the desk.

    Raises:
        InputError: A field does not fit its width, or is no address.
    """
    fields = (
        _number(order.maker),
        _number(order.taker),
        _number(order.series),
        order.sells,
        order.units,
        order.price,
        order.min_fill,
        order.expiry,
        order.nonce,
    )
    return _ORDER.digest(domain.separator, fields)


def sign_order(private_key: bytes, domain: Domain, order: Order) -> bytes:
    """The maker's signature r ‖ s ‖ v (65 bytes), the form that the desk accepts of accounts.

    Raises:
        InputError: The order is for nothing, or its least fill is more than all.
    """
    if not 0 < order.units or order.min_fill > order.units:
        raise InputError(
            "the order can never be filled",
            field="units" if order.units <= 0 else "minFill",
            value=order.units if order.units <= 0 else order.min_fill,
            rule="units are at least 1, minFill is at most all units",
            remedy="correct the order",
        )
    compact = sign_digest(private_key, order_digest(domain, order))
    vs = int.from_bytes(compact[32:], "big")
    s = vs & (_PARITY - 1)
    return compact[:32] + s.to_bytes(32, "big") + bytes([27 + (vs >> 255)])


def cost_up(order: Order, filled: int, units: int) -> int:
    """What `units` more cost after `filled`: the difference of two shares of the price, each rounded up.

    However an order is cut, its fills add up to the price.
    """
    return _share_up(order, filled + units) - _share_up(order, filled)


def _share_up(order: Order, units: int) -> int:
    return -(-order.price * units // order.units)


def _number(address: str) -> int:
    return int.from_bytes(unhex(address, 20), "big")
