"""Where the example community is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.asking import House, filled

COMMUNITY = Path(__file__).resolve().parents[3] / "examples" / "community.toml"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The application on a small ledger, where only aggregates are public."""
    made = filled(tmp_path)
    yield made
    made.close()
