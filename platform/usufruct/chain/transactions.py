"""Transactions as bytes: those of a fee market (EIP-1559), signed, and the address of what one creates.

eth_account and web3 can do the same, but importing them takes longer than most commands run.
"""

from __future__ import annotations

from typing import Final

import rlp
from coincurve import PrivateKey

from usufruct.contracts import Address, address
from usufruct.core.keccak import keccak256

__all__ = ["created_address", "signed_transaction"]

_FEE_MARKET: Final = b"\x02"
_NO_ACCESS_LIST: Final[tuple[bytes, ...]] = ()


def signed_transaction(
    key: bytes,
    *,
    chain_id: int,
    nonce: int,
    priority_fee: int,
    most_fee: int,
    gas: int,
    to: str | None,
    value: int,
    data: bytes,
) -> bytes:
    """The signed transaction as nodes take it; its hash is the Keccak-256 of these bytes.

    Args:
        key: The sender's private key, 32 bytes.
        chain_id: The only chain on which it counts.
        nonce: The sender's transactions before this one.
        priority_fee: Wei per gas for the block's proposer.
        most_fee: The most wei per gas that is paid in all.
        gas: The most gas that it may use.
        to: Who is called; None creates a contract.
        value: Wei that go along.
        data: Call data, or the code that creates the contract.
    """
    receiver = b"" if to is None else bytes.fromhex(to.removeprefix("0x"))
    fields = (
        *(chain_id, nonce, priority_fee, most_fee, gas),
        *(receiver, value, data, _NO_ACCESS_LIST),
    )
    digest = keccak256(_FEE_MARKET + rlp.encode(fields))
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return bytes(_FEE_MARKET + rlp.encode((*fields, signature[64], r, s)))


def created_address(creator: str, nonce: int) -> Address:
    """Where the transaction of `creator` with this nonce puts the contract that it creates."""
    raw = bytes.fromhex(creator.removeprefix("0x"))
    return address(keccak256(rlp.encode((raw, nonce)))[12:])
