"""Addresses of wallets as people give them."""

from __future__ import annotations

import re
from typing import Final

from usufruct.contracts import EncodeError, address
from usufruct.errors import InputError

__all__ = ["wallet_bytes"]

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def wallet_bytes(text: str, field: str = "address") -> bytes:
    """The 20 bytes of an address in lower case or with a right checksum; InputError otherwise."""
    if not _ADDRESS.fullmatch(text):
        raise InputError(
            "this is not an address",
            field=field,
            value=text,
            rule="0x and 40 hexadecimal digits",
            remedy="copy the whole address from the wallet",
        )
    if text[2:] != text[2:].lower():
        try:
            address(text)
        except EncodeError:
            raise InputError(
                "the checksum of this address is wrong",
                field=field,
                value=text,
                rule="mixed case is a checksum (EIP-55), and this one does not fit the digits",
                remedy="a digit may be mistyped: copy the address again, or write it all in lower case",
            ) from None
    return bytes.fromhex(text[2:])
