"""Where log lines of all parts go, and how those of libraries become lines like ours."""

from __future__ import annotations

import contextlib
import logging
import sys

import structlog

__all__ = ["Lossy", "adopt"]


class Lossy:
    """Standard error, of which a full disk behind it takes lines away, but never the process that writes them."""

    def write(self, text: str) -> int:
        """Writes what can be written."""
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Hands on what can be handed on."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class _Adopted(logging.Handler):
    """Makes events of what libraries log: else it came as plain text of many lines, control characters included."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
            )
        except Exception:  # noqa: BLE001  # a library's own mistake in its message
            self.handleError(record)


def adopt() -> None:
    """From now on warnings and errors of libraries, such as the HTTP server's, are events of structlog."""
    root = logging.getLogger()
    if not any(isinstance(each, _Adopted) for each in root.handlers):
        root.addHandler(_Adopted())
