"""A real PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.postgres import fresh_postgres


@pytest.fixture
def postgres() -> Iterator[str]:
    """URL of an empty database on a real PostgreSQL."""
    with fresh_postgres() as url:
        yield url
