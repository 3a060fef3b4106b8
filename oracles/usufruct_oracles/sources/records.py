"""Source records (protocol §4): the bytes a meter signs for one day, and the signature file.

A record is one meter-day. Its payload names stream, meter and day before the meter's lines, so that a
signature cannot be carried over to another meter or another day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from usufruct.core.documents import items, keyed, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.core.signing import SIGNATURE_LENGTH

HEADER = "meter,start,duration_s,value,unit,quality"
"""First line of every CSV file."""
HEADERS = (HEADER, f"{HEADER},requested")
"""Headers that are read: sessions may also tell what was asked for."""
VERSION = 1
"""Version of the signature file."""

_KEYS = {"version", "stream", "day", "signatures"}
_SIGNATURE_KEYS = {"meter", "scheme", "signature"}


@dataclass(frozen=True, slots=True)
class Signed:
    """One entry of the signature file.

    Attributes:
        meter: Code of the meter.
        scheme: Signature scheme as written, known or not.
        signature: r ‖ s, 64 bytes.
    """

    meter: str
    scheme: str
    signature: bytes


def record_payload(stream: str, meter: str, day: str, lines: Iterable[str]) -> bytes:
    """The bytes that are signed: a heading and the meter's lines, each ended by a line feed."""
    head = f"usufruct/meter-day/1\n{stream}\n{meter}\n{day}\n"
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def record_hash(payload: bytes, signature: bytes) -> bytes:
    """sha256 of payload ‖ signature: the `record` of a reading leaf (32 bytes)."""
    return sha256(payload + signature).digest()


def csv_bytes(lines: Iterable[str], header: str = HEADER) -> bytes:
    """A CSV file of those lines under one of the headers."""
    return "".join(f"{line}\n" for line in (header, *lines)).encode()


def signatures_bytes(stream: str, day: str, signed: Sequence[Signed]) -> bytes:
    """The `.sig.json` file."""
    return canonical_json(
        {
            "version": VERSION,
            "stream": stream,
            "day": day,
            "signatures": [
                {"meter": each.meter, "scheme": each.scheme, "signature": hex0x(each.signature)}
                for each in signed
            ],
        }
    )


def parse_signatures(data: bytes, stream: str, day: str) -> Mapping[str, Signed]:
    """The entries of a `.sig.json` file by meter code.

    Raises:
        InputError: Not such a file, made for another stream or day, or a meter stands in it twice.
    """
    top = keyed(load_json(data), _KEYS, "signature file")
    for name, want in (("version", VERSION), ("stream", stream), ("day", day)):
        if top[name] != want or isinstance(top[name], bool):
            raise wrong(name, top[name], f"{want}, as the file's place says")
    entries = [_entry(each) for each in items(top["signatures"], "signatures")]
    by_meter = {each.meter: each for each in entries}
    if len(by_meter) != len(entries):
        raise wrong("signatures", len(entries), "each meter stands there once")
    return by_meter


def _entry(value: object) -> Signed:
    entry = keyed(value, _SIGNATURE_KEYS, "signatures")
    return Signed(
        meter=text(entry["meter"], "signatures.meter"),
        scheme=text(entry["scheme"], "signatures.scheme"),
        signature=unhex(text(entry["signature"], "signatures.signature"), SIGNATURE_LENGTH),
    )
