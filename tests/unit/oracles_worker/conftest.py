"""Workers in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.oracles_worker.fakes import Team

from usufruct_oracles import logs

MakeTeam = Callable[..., Team]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logs.configure(as_json=True)


@pytest.fixture
def make_team(tmp_path: Path) -> Iterator[MakeTeam]:
    """Makes teams of three and closes them."""
    made: list[Team] = []

    def make(**options: Any) -> Team:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Team(folder, **options))
        return made[-1]

    yield make
    for team in made:
        team.close()


@pytest.fixture
def team(make_team: MakeTeam) -> Team:
    """Three workers, any two of whom are a quorum."""
    return make_team()
