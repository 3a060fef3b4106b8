"""A day of the command is a day of the interface: it ends in the project's zone, and is not over before that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from sqlalchemy import select
from tests.support.asking import House, filled, named
from typer.testing import CliRunner

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.cli import build
from usufruct.errors import InputError
from usufruct.ledger.models import cursor
from usufruct.ledger.zone import note_zone
from usufruct.money import Currency

ZONES = ["Asia/Hong_Kong", "America/Los_Angeles", "Pacific/Kiritimati", "UTC"]


@pytest.fixture(params=ZONES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    made = filled(tmp_path, public="all")
    zone = UTC if request.param == "UTC" else ZoneInfo(request.param)
    render = Renderer(Currency("USDX", 6), Labels(timezone=zone))
    made.service = replace(made.service, render=render)
    made.app = create_app(made.service)
    with made.database.write() as connection:
        note_zone(connection, ZoneInfo("Europe/Lisbon"))  # of a server that was told another
        note_zone(connection, zone)
    yield made
    made.close()


def asked(house: House, command: str, *given: str) -> Result:
    url = house.database.url.render_as_string()
    arguments = [command, named(1), "--db", url, "--json", *given]
    return CliRunner().invoke(build(command), arguments)


def days(house: House) -> list[str]:
    """The days around the end of the ledger."""
    with house.database.read() as connection:
        last = connection.execute(select(cursor.c.timestamp)).scalar_one()
    end = datetime.fromtimestamp(last, house.service.render.labels.timezone)
    return [(end + timedelta(days=n)).date().isoformat() for n in (-2, -1, 0, 1)]


def test_a_day_ends_where_the_interface_has_it_end(house: House) -> None:
    for day in days(house):
        given = house.ask(f"/v1/wallets/{named(1)}/positions?as_of_date={day}")
        told = asked(house, "positions", "--as-of-date", day)
        assert isinstance(told.exception, InputError) == (given.status_code == 422), day
        if given.status_code == 200:
            assert _figures(json.loads(told.stdout)) == _figures(given.json()["data"])
            zone = house.service.render.labels.timezone
            assert told.stderr == f"{day} is a day in the time zone {zone}\n"


def _figures(positions: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(each["id"], each["units"], each["accrued"]["amount"]) for each in positions]


def test_look_through_takes_the_same_days(house: House) -> None:
    for day in days(house):
        given = house.ask(f"/v1/wallets/{named(1)}/look-through?as_of_date={day}")
        told = asked(house, "look-through", "--as-of-date", day)
        assert isinstance(told.exception, InputError) == (given.status_code == 422), day
