"""Structured logs: one event a line, secrets never shown, control characters escaped."""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping, Sequence
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

from usufruct.loglines import Lossy, adopt

_SECRET_WORDS = ("secret", "password", "private", "keystore", "authorization")
_HIDDEN = "[hidden]"
_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F
_FIRST_AFTER_CONTROLS = 0xA0


def escape(text: str) -> str:
    """`text` with every control character and line separator written as an escape sequence.

    A log line, a terminal and a table cell can then not be forged by what a file or a peer sent.
    """
    return "".join(_escaped(char) for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    control = code < _FIRST_PRINTABLE or _DELETE <= code < _FIRST_AFTER_CONTROLS
    if control or char in "\u2028\u2029":
        return char.encode("unicode_escape").decode("ascii")
    return char


def _clean(value: object) -> object:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {escape(str(key)): _shown(str(key), item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_clean(item) for item in value]
    return value


def _shown(key: str, value: object) -> object:
    lowered = key.lower()
    return _HIDDEN if any(word in lowered for word in _SECRET_WORDS) else _clean(value)


def _sanitize(_: object, __: str, event: MutableMapping[str, object]) -> EventDict:
    return {key: _shown(key, value) for key, value in event.items()}


def configure(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send structlog's events to standard error, as JSON lines or for people to read."""
    renderer: Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if as_json
        else structlog.processors.KeyValueRenderer(
            key_order=["timestamp", "level", "event"], sort_keys=True
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _sanitize,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", Lossy())),
        cache_logger_on_first_use=False,
    )
    adopt()


def get(name: str) -> FilteringBoundLogger:
    """The logger of one part of the worker."""
    logger: FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
