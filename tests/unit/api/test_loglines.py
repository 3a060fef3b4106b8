"""Every line of the log is one event, whoever wrote it, and a log that cannot be written stops nothing."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable

import pytest
import structlog

from usufruct.api import logs
from usufruct_oracles import logs as worker_logs

FORGED = 'x\n{"event": "all is well", "level": "info"}\x1b[2J'
PARTS = pytest.mark.parametrize("configure", [logs.configure, worker_logs.configure])
Configure = Callable[..., None]


class Full:
    """A file on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    flush = close = lambda self: None


@PARTS
def test_what_libraries_log_is_one_event_a_line(
    configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(as_json=True)
    configure(as_json=True)  # once more changes nothing
    error = RuntimeError(FORGED)
    logging.getLogger("a.library").error("Exception in ASGI application\n", exc_info=error)
    logging.getLogger("a.library").warning("Invalid HTTP request received.")
    defect, warned = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (defect["level"], defect["logger"]) == ("error", "a.library")
    assert "RuntimeError: x" in defect["exception"]
    assert warned["event"] == "Invalid HTTP request received."


@PARTS
def test_a_log_that_cannot_be_written_stops_nobody(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(as_json=False)
    monkeypatch.setattr(sys, "stderr", Full())
    structlog.get_logger().error("stopping", error="x")
    logging.getLogger("a.library").error("Exception in ASGI application")
