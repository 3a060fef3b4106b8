from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.encoding import hex0x
from usufruct.core.orders import ANYONE, ORDER_TYPE, Order, cost_up, order_digest, sign_order
from usufruct.core.typed_data import Domain
from usufruct.errors import InputError

KEY = bytes([9]) * 32
DESK = Domain(31_337, "0x" + "33" * 20)
U40, U64 = (st.integers(0, 2**bits - 1) for bits in (40, 64))
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
orders = st.builds(Order, addresses, addresses, addresses, st.booleans(), U64, U64, U64, U40, U64)
ORDER = Order(
    maker="0x" + "a1" * 20,
    taker=ANYONE,
    series="0x" + "5e" * 20,
    sells=True,
    units=1000,
    price=7003,
    min_fill=100,
    expiry=1_790_000_000,
    nonce=5,
)


def reference(domain, order):
    """The message as eth_account encodes it."""
    members = [
        dict(zip(("type", "name"), each.split(" "), strict=True))
        for each in ORDER_TYPE[len("Order(") : -1].split(",")
    ]
    values = (
        *(order.maker, order.taker, order.series, order.sells, order.units, order.price),
        *(order.min_fill, order.expiry, order.nonce),
    )
    return encode_typed_data(
        {
            "name": "Usufruct",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        {"Order": members},
        dict(zip((each["name"] for each in members), values, strict=True)),
    )


@given(orders)
def test_orders_are_signed_as_eip712(order):
    signable = reference(DESK, order)
    assert order_digest(DESK, order) == keccak(b"\x19\x01" + signable.header + signable.body)


def test_the_digest_is_the_one_the_contract_computes():
    """The same constant stands in contracts/test/market/Fill.t.sol."""
    expected = "0x6a7880a442d6e0294de41e2bc519d06c89532829ebfd7700e7900478ffac7658"
    assert hex0x(order_digest(DESK, ORDER)) == expected


def test_a_digest_is_of_one_chain_and_one_desk():
    digests = {
        order_digest(domain, ORDER)
        for domain in (DESK, Domain(1, DESK.contract), Domain(31_337, "0x" + "34" * 20))
    }
    assert len(digests) == 3


def test_an_account_s_signature_is_recovered():
    signer = Account.from_key(KEY)
    order = replace(ORDER, maker=signer.address)
    signature = sign_order(KEY, DESK, order)
    assert len(signature) == 65
    assert Account.recover_message(reference(DESK, order), signature=signature) == signer.address
    assert signature == signer.sign_message(reference(DESK, order)).signature


@pytest.mark.parametrize("change", [{"units": 0, "min_fill": 0}, {"min_fill": 1001}])
def test_what_can_never_be_filled_is_not_signed(change):
    with pytest.raises(InputError, match="never be filled"):
        sign_order(KEY, DESK, replace(ORDER, **change))


def test_a_wide_field_is_refused():
    with pytest.raises(InputError, match="does not fit"):
        order_digest(DESK, replace(ORDER, price=2**64))


@given(st.integers(1, 10**6), st.integers(0, 10**12), st.lists(st.integers(1, 10**5), max_size=20))
def test_fills_add_up_to_the_price_however_they_are_cut(units, price, cuts):
    order = replace(ORDER, units=units, price=price)
    filled = paid = 0
    for cut in [*cuts, units]:
        part = min(cut, units - filled)
        paid += cost_up(order, filled, part)
        filled += part
        assert price * filled <= paid * units < price * filled + units
    assert paid == price
