"""Several requests in one payload, each verbatim: netstrings `<length>:<bytes>,` one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from usufruct_oracles.sources.ocpp.model import OcppError

MAX_FRAMES: Final = 4096
"""Most requests in a payload."""

_LENGTH: Final = re.compile(rb"(0|[1-9]\d{0,6}):")


def pack(frames: Sequence[bytes]) -> bytes:
    """The payload of those requests."""
    return b"".join(b"%d:%b," % (len(each), each) for each in frames)


def unpack(payload: bytes) -> list[bytes]:
    """The requests in a payload; a request that stands alone is a payload too.

    Raises:
        OcppError: It is neither.
    """
    if payload[:1] in {b"[", b"{"}:
        return [payload]
    frames: list[bytes] = []
    at = 0
    while at < len(payload):
        match = _LENGTH.match(payload, at)
        end = match.end() + int(match[1]) if match else at
        if match is None or payload[end : end + 1] != b"," or len(frames) == MAX_FRAMES:
            raise OcppError(
                "not a payload of OCPP requests",
                field="payload",
                value=payload[at : at + 32],
                rule=f"one request, or at most {MAX_FRAMES} as netstrings",
                remedy="let the gateway pack the requests as protocol §4c says",
            )
        frames.append(payload[match.end() : end])
        at = end + 1
    return frames
