"""Parts that a test may need and a machine may lack: a node, a database, a browser, a broker."""

from __future__ import annotations

from typing import NoReturn

import pytest

PREFIX = "part not available: "


def part_missing(what: str) -> NoReturn:
    """Skip the test because a part cannot be had; with CI=true that is a failure.

    `what` names the part and the remedy, as in "PostgreSQL: apt-get install postgresql".
    """
    pytest.skip(PREFIX + what)
