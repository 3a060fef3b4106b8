"""Fixed-width reading leaves, canonical JSON and hex: the bytes that are hashed and signed."""

import json
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NoReturn

from usufruct.core.keccak import keccak256
from usufruct.errors import InputError

LEAF_LENGTH = 102
"""Bytes of a reading leaf's preimage."""
QUANTITY_LENGTH = 33
"""Bytes of a quantity field: a tagged number or a compressed point."""
MAX_QUANTITY = 2**63 - 1
"""Largest quantity of one reading, in base units."""

MAX_DEPTH = 16
"""Deepest nesting of a JSON document; ours need three levels."""

_MAX_NUMBER = 40
_JSON_TOKEN = re.compile(r'"(?:[^"\\]++|\\.?+)*+"?|[][{}]', re.DOTALL)
_LEAF = struct.Struct(">c33s32sIQQIQBBBB")
_PREFIX = b"\x00"
_ADDRESS_LENGTH = 20


def whole(pattern: str) -> str:
    """A pattern for a text from its first character to its last, in Python and in JSON Schema alike.

    Python's `$` also matches before a line feed at the end, where other implementations refuse the text.
    """
    return rf"^{pattern}$(?!\n)"


@dataclass(frozen=True, slots=True)
class ReadingLeaf:
    """One reading as it enters the tree (protocol §2).

    Attributes:
        quantity: 33 bytes: `open_quantity` of the number, or a Pedersen commitment to it.
        record: sha256 of the source record.
        stream: Stream number.
        seq: Number of the reading in the stream, from 0.
        end: End of the interval or session, unix seconds.
        duration: Its length in seconds.
        meter: Meter id.
        kind: 0 interval, 1 session, 2 money.
        quality: ESPI quality code.
        rev: Revision, 0 for the first.
        flow: ESPI flow direction.
    """

    quantity: bytes
    record: bytes
    stream: int
    seq: int
    end: int
    duration: int
    meter: int
    kind: int
    quality: int
    rev: int
    flow: int

    def encode(self) -> bytes:
        """The 102 bytes that are hashed.

        Raises:
            InputError: A field does not fit its width.
        """
        if len(self.quantity) != QUANTITY_LENGTH or len(self.record) != len(ZERO_HASH):
            raise InputError(
                "wrong width in a reading leaf",
                field="quantity, record",
                value=f"{len(self.quantity)}, {len(self.record)} bytes",
                rule="33 and 32 bytes",
                remedy="use open_quantity or commit, and sha256 of the record",
            )
        try:
            return _LEAF.pack(
                _PREFIX,
                self.quantity,
                self.record,
                self.stream,
                self.seq,
                self.end,
                self.duration,
                self.meter,
                self.kind,
                self.quality,
                self.rev,
                self.flow,
            )
        except struct.error as error:
            raise InputError(
                "a number does not fit the reading leaf",
                field="leaf",
                value=self,
                rule="protocol §2: every field is an unsigned integer of its width",
                remedy="check the reading at its source",
            ) from error

    @classmethod
    def decode(cls, preimage: bytes) -> "ReadingLeaf":
        """The reading in 102 bytes.

        Raises:
            InputError: Another length, or another prefix than 0x00.
        """
        if len(preimage) != LEAF_LENGTH or preimage[:1] != _PREFIX:
            raise InputError(
                "not a reading leaf",
                field="leaf",
                value=bytes(preimage),
                rule="102 bytes beginning with 0x00",
                remedy="fetch the leaf again from a worker",
            )
        return cls(*_LEAF.unpack(preimage)[1:])


ZERO_HASH = bytes(32)
"""The hash that stands for "none"."""


def open_quantity(quantity: int) -> bytes:
    """The quantity field of a number that may be seen: 0x00 ‖ uint256.

    Raises:
        InputError: Negative, or 2²⁵⁶ and more.
    """
    try:
        return quantity.to_bytes(QUANTITY_LENGTH - 1, "big").rjust(QUANTITY_LENGTH, b"\x00")
    except OverflowError as error:
        raise InputError(
            "quantity out of range",
            field="quantity",
            value=quantity,
            rule="a non-negative integer below 2^256",
            remedy="check the meter's multiplier and flow direction",
        ) from error


def hex0x(data: bytes) -> str:
    """Lower-case hex with 0x."""
    return "0x" + data.hex()


def unhex(text: object, length: int | None = None) -> bytes:
    """The bytes of `0x…`.

    Args:
        text: Hex with the prefix 0x; upper case is accepted.
        length: Bytes expected, None for any.

    Raises:
        InputError: No prefix, not hex, or another length.
    """
    if isinstance(text, str) and text.startswith("0x") and text.isascii():
        try:
            data = bytes.fromhex(text[2:])
        except ValueError:
            data = None
        # fromhex skips white space, which is no hex to us.
        if data is not None and 2 * len(data) == len(text) - 2 and length in (None, len(data)):
            return data
    raise InputError(
        "not hex",
        field="hex",
        value=text,
        rule="0x and two hex digits a byte" + ("" if length is None else f", {length} bytes"),
        remedy="give the value as it was published",
    )


@lru_cache(maxsize=4096)
def checksum_address(raw: bytes) -> str:
    """The EIP-55 form of a 20-byte address."""
    if len(raw) != _ADDRESS_LENGTH:
        raise InputError(
            "not an address",
            field="address",
            value=raw,
            rule="20 bytes",
            remedy="give the whole address",
        )
    digits = raw.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark in "89abcdef" else digit
        for digit, mark in zip(digits, marks, strict=False)
    )


def canonical_json(value: object) -> bytes:
    """Canonical JSON (protocol §5): UTF-8, sorted keys, no white space, no fractions.

    Raises:
        InputError: A float or another type that has no canonical form.
    """
    _require_canonical(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            "text without a UTF-8 form",
            field="json",
            value=ascii(text),
            rule="texts are valid Unicode",
            remedy="remove the lone surrogate",
        ) from error


def load_json(data: bytes, fraction: Callable[[str], object] | None = None) -> object:
    """A JSON document as it may be hashed: no duplicate keys, no fractions, no deep nesting.

    Args:
        data: The document.
        fraction: Makes what stands for a number that is no integer, or raises ValueError; such numbers are refused
            if it is missing.

    Raises:
        InputError: Not JSON, not UTF-8, or outside those bounds.
    """
    try:
        text = data.decode()
        require_shallow(text)
        return json.loads(
            text,
            parse_float=fraction or _refuse_number,
            parse_constant=_refuse_number,
            object_pairs_hook=_object,
        )
    except ValueError as error:
        raise InputError(
            "not a canonical JSON document",
            field="json",
            value=str(error),
            rule="UTF-8 JSON of strings, integers, booleans, null, lists and objects",
            remedy="fetch the document again",
        ) from error


def exact_number(text: str) -> Decimal:
    """A number with the digits as written, for `load_json`.

    Raises:
        ValueError: More than 40 characters.
    """
    if len(text) > _MAX_NUMBER:
        message = f"a number of {len(text)} characters"
        raise ValueError(message)
    return Decimal(text)


def require_shallow(text: str) -> None:
    """Raises ValueError for JSON that is nested deeper than MAX_DEPTH."""
    # Not left to the decoder: it overflows the stack where a library has raised the recursion limit.
    depth = 0
    for token in _JSON_TOKEN.finditer(text):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if depth > MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            raise ValueError(message)


def _require_canonical(value: object) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, list | tuple):
        for each in value:
            _require_canonical(each)
    elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
        for each in value.values():
            _require_canonical(each)
    else:
        raise InputError(
            "value without a canonical JSON form",
            field="json",
            value=repr(value),
            rule="strings, integers, booleans, null, lists and objects with text keys",
            remedy="write fractions and quantities as texts",
        )


def _refuse_number(text: str) -> NoReturn:
    message = f"{text} is not an integer"
    raise ValueError(message)


def _object(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "an object has a key twice"
        raise ValueError(message)
    return found
