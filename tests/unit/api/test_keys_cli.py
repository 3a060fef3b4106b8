"""Streams of operators are named by number or code."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update
from tests.support.asking import House, named
from tests.unit.api.conftest import COMMUNITY
from typer.testing import CliRunner

from usufruct.api.auth import journal
from usufruct.api.auth.cli import keys
from usufruct.contracts import address
from usufruct.errors import InputError
from usufruct.ledger.models import access_log, stream


def run(house: House, *arguments: str) -> str:
    """What a command prints."""
    url = house.database.url.render_as_string(hide_password=False)
    outcome = CliRunner().invoke(keys, [*arguments, "--database", url])
    if outcome.exception:
        raise outcome.exception
    return outcome.stdout


def bound(house: House) -> list[list[int]]:
    """The streams of all keys and roles."""
    return sorted(each["streams"] for each in json.loads(run(house, "list", "--json")))


def test_a_stream_is_named_by_number_or_code(house: House) -> None:
    for names in (["2"], ["stream1"], ["STREAM2", "1"]):
        chosen = [word for name in names for word in ("--stream", name)]
        run(house, "add", "month-end", "--role", "operator", *chosen)
    run(house, "grant", named(1), "--role", "operator", "--stream", "STREAM2")
    assert bound(house) == [[1], [1, 2], [2], [2]]


def test_a_stream_that_is_not_on_the_chain_is_in_the_community_file(house: House) -> None:
    given = ["--stream", "VPP", "--community", str(COMMUNITY)]
    run(house, "add", "month-end", "--role", "operator", *given)
    ((number,),) = bound(house)
    assert number > 0


@pytest.mark.parametrize("name", ["STREAM9", "-1", "1.0", "", "²"])
def test_an_unknown_stream_gives_no_key(house: House, name: str) -> None:
    with pytest.raises(InputError, match="no such stream"):
        run(house, "add", "month-end", "--role", "operator", "--stream", name)
    assert bound(house) == []


def test_a_code_of_several_streams_gives_no_key(house: House) -> None:
    with house.database.write() as connection:
        connection.execute(update(stream).values(code="SAME"))
    with pytest.raises(InputError, match="several streams"):
        run(house, "add", "month-end", "--role", "operator", "--stream", "same")
    assert bound(house) == []


def test_who_was_given_or_lost_a_role_is_in_the_access_log(house: House) -> None:
    run(house, "add", "month-end", "--role", "operator", "--stream", "2")
    granted = run(house, "grant", named(1), "--role", "auditor").strip()
    run(house, "revoke", granted)
    with pytest.raises(InputError, match="no such key or role"):
        run(house, "revoke", granted)
    wallet = address(named(1))
    (key,) = [each for each in json.loads(run(house, "list", "--json")) if each["wallet"] is None]
    with house.database.read() as connection:
        rows = connection.execute(select(access_log).order_by(access_log.c.number)).all()
        assert journal.check(connection) == 3
    assert [(row.actor, row.role, row.action, row.resource, row.outcome) for row in rows] == [
        ("usufruct keys", "administrator", action, resource, "granted")
        for action, resource in (
            ("add", f"{key['id']} operator streams 2"),
            ("grant", f"{granted} auditor {wallet} streams all"),
            ("revoke", f"{granted} auditor {wallet} streams all"),
        )
    ]
