"""Hexadecimal and base64 texts, strictly."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*", re.ASCII)


class Malformed(ValueError):
    """Not a text of that encoding."""


def from_hex(text: str) -> bytes:
    """The bytes of pairs of hexadecimal digits, without anything between them.

    Raises:
        Malformed: It is something else.
    """
    if _HEX.fullmatch(text) is None:
        raise Malformed
    return bytes.fromhex(text)


def from_base64(text: str) -> bytes:
    """The bytes of a padded base64 text (RFC 4648 §4) in its one canonical form.

    Raises:
        Malformed: It is something else.
    """
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed from error
    if base64.b64encode(found).decode() != text:
        raise Malformed  # bits behind the last byte: a second text of the same bytes
    return found
