"""RLP and signing against eth_account, which does the same in another way."""

from __future__ import annotations

import pytest
import rlp as peer
from eth_account import Account
from eth_utils import keccak, to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from usufruct.chain.outbox import Request
from usufruct.chain.rlp import created_address, rlp
from usufruct.chain.signer import Fees, Signer
from usufruct.keys import address_of_key, dev_address


@pytest.mark.parametrize(
    ("item", "encoded"),
    [
        (b"", "80"),
        (b"\0", "00"),
        (b"\x7f", "7f"),
        (b"\x80", "8180"),
        (b"dog", "83646f67"),
        (0, "80"),
        (15, "0f"),
        (1024, "820400"),
        ([], "c0"),
        ([b"cat", [b"dog"]], "c983636174c483646f67"),
        (b"a" * 55, "b7" + "61" * 55),
        (b"a" * 56, "b838" + "61" * 56),
        ([b"a"] * 60, "f83c" + "61" * 60),
        (b"a" * 1024, "b90400" + "61" * 1024),
    ],
)
def test_items_are_encoded_as_the_yellow_paper_says(item: object, encoded: str) -> None:
    assert rlp(item).hex() == encoded


@pytest.mark.parametrize("item", ["text", None, 1.5, (1,)])
def test_other_items_have_no_form(item: object) -> None:
    with pytest.raises(TypeError):
        rlp(item)


def test_created_addresses_are_those_that_anvil_prints() -> None:
    assert created_address(dev_address(0), 0) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert created_address(dev_address(0), 1) == "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"


@given(st.binary(min_size=20, max_size=20), st.integers(0, 2**64 - 2))
def test_created_addresses_follow_from_sender_and_nonce(sender: bytes, nonce: int) -> None:
    expected = keccak(peer.encode([sender, nonce]))[12:]
    assert created_address(f"0x{sender.hex()}", nonce) == to_checksum_address(expected)


class Chain:
    """All that signing asks of a client."""

    chain_id = 31337


@given(
    key=st.integers(1, 2**255).map(lambda number: number.to_bytes(32)),
    to=st.one_of(st.none(), st.integers(0, 99).map(dev_address)),
    data=st.binary(max_size=80),
    value=st.integers(0, 2**100),
    gas=st.integers(21_000, 2**24),
    nonce=st.integers(0, 2**40),
    fees=st.tuples(st.integers(0, 2**60), st.integers(0, 2**60)).map(sorted),
)
def test_signed_transactions_are_those_of_eth_account(
    key: bytes, to: str | None, data: bytes, value: int, gas: int, nonce: int, fees: list[int]
) -> None:
    signer = Signer(Chain(), key)  # type: ignore[arg-type]  # needs no more
    attempt = signer.sign(Request(to, data, value, gas), nonce, fees=Fees(fees[1], fees[0]))
    fields = {
        "type": 2,
        "chainId": 31337,
        "nonce": nonce,
        "gas": gas,
        "maxFeePerGas": fees[1],
        "maxPriorityFeePerGas": fees[0],
        "value": value,
        "data": data,
    }
    expected = Account.sign_transaction(fields | ({"to": to} if to else {}), key)
    assert (attempt.raw, attempt.tx_hash) == (expected.raw_transaction, expected.hash)
    assert Account.recover_transaction(attempt.raw) == address_of_key(key) == signer.address
    assert key.hex() not in repr(signer)
