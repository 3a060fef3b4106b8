"""Logs on standard error: one line an event, as JSON where a program reads them."""

from __future__ import annotations

import logging
from typing import TextIO, cast

import structlog

from usufruct.loglines import Lossy, adopt

__all__ = ["configure"]


def configure(*, as_json: bool) -> None:
    """Sets up structlog for this process; control characters in values are escaped by the renderers."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Lossy())),
        cache_logger_on_first_use=False,
    )
    adopt()
