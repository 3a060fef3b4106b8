"""Signed transactions and created addresses against eth_account and web3."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from web3.types import Nonce
from web3.utils.address import get_create_address

from usufruct.chain.transactions import created_address, signed_transaction
from usufruct.contracts import address
from usufruct.core.commitments import N
from usufruct.core.keccak import keccak256

keys = st.integers(1, N - 1).map(lambda number: number.to_bytes(32, "big"))
addresses = st.binary(min_size=20, max_size=20).map(address)
words = st.one_of(st.just(0), st.integers(0, 2**256 - 1))
small = st.one_of(st.just(0), st.integers(0, 2**64 - 2))


@given(keys, st.integers(1, 2**63), small, words, words, small, st.none() | addresses, words, st.binary())  # fmt: skip
def test_a_transaction_is_the_one_that_eth_account_signs(
    key: bytes,
    chain_id: int,
    nonce: int,
    priority_fee: int,
    most_fee: int,
    gas: int,
    to: str | None,
    value: int,
    data: bytes,
) -> None:
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "maxPriorityFeePerGas": priority_fee,
        "maxFeePerGas": most_fee,
        "gas": gas,
        "value": value,
        "data": data,
    }
    if to is not None:
        fields["to"] = to
    theirs = Account.sign_transaction(fields, key)
    ours = signed_transaction(
        key,
        chain_id=chain_id,
        nonce=nonce,
        priority_fee=priority_fee,
        most_fee=most_fee,
        gas=gas,
        to=to,
        value=value,
        data=data,
    )
    assert ours == bytes(theirs.raw_transaction)
    assert keccak256(ours) == bytes(theirs.hash)
    assert Account.recover_transaction(ours) == Account.from_key(key).address


@given(addresses, small)
def test_a_contract_is_created_where_web3_says(creator: str, nonce: int) -> None:
    assert created_address(creator, nonce) == get_create_address(address(creator), Nonce(nonce))
