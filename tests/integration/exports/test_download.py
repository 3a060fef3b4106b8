"""Statements and tax summaries by the API: the same documents, in the format that is asked for."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import anyio
import httpx
import pytest
from tests.integration.exports.conftest import CARL, Office

from usufruct.api.app import create_app
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.exports.make import MEDIA_TYPES
from usufruct.money import Currency

PATH = f"/v1/wallets/{CARL}/statement"


def service(office: Office, *, calendar: bool = True) -> Service:
    labels = Labels("Linden Court", ZoneInfo("UTC"), office.month) if calendar else Labels()
    render = Renderer(Currency("USDX", 6), labels)
    journal = office.state / "bank.sqlite"
    return Service(office.database, render, 31337, office.kit.contracts, bank_journal=journal)


def ask(served: Service, *paths: str, **headers: str) -> list[httpx.Response]:
    async def main() -> Any:
        transport = httpx.ASGITransport(app=create_app(served), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [await client.get(path, headers=headers) for path in paths]

    found: list[httpx.Response] = anyio.run(main)
    return found


@pytest.mark.parametrize(
    ("kind", "start"), [("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")]
)
def test_the_format_is_chosen_by_query_or_accept_header(
    office: Office, kind: str, start: bytes
) -> None:
    served = service(office)
    (chosen,) = ask(served, f"{PATH}?period={office.month}&format={kind}")
    media = MEDIA_TYPES[kind]
    (accepted,) = ask(
        served, f"{PATH}?period=1", accept=f"text/html, {media.partition(';')[0]};q=0.9"
    )
    for answer in (chosen, accepted):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == media
        assert f'.{kind}"' in answer.headers["content-disposition"]
        assert answer.content.startswith(start)
    assert chosen.content == accepted.content


def test_figures_are_those_of_the_command(office: Office) -> None:
    served = service(office)
    statement, tax = ask(
        served,
        f"{PATH}?period=1&format=csv",
        f"/v1/wallets/{CARL}/tax-summary?year={office.month[:4]}&format=csv",
    )
    assert "102.333321" in statement.content.decode("utf-8-sig")
    assert "Annual tax summary" in tax.content.decode("utf-8-sig")


def test_what_cannot_be_answered_is_a_problem(office: Office) -> None:
    served = service(office)
    answers = ask(
        served,
        f"{PATH}?period=2026-99",
        f"{PATH}?period=1&format=docx",
        PATH,
        f"/v1/wallets/{CARL}/tax-summary?year=0",
        "/v1/wallets/0x12/statement?period=1",
    )
    assert [each.status_code for each in answers] == [422] * 5
    (refused,) = ask(served, f"{PATH}?period=1", accept="image/png")
    assert refused.status_code == 406
    assert refused.json()["field"] == "accept"
    (unknown,) = ask(service(office, calendar=False), f"{PATH}?period=1")
    assert (unknown.status_code, unknown.json()["type"].rsplit("/", 1)[-1]) == (409, "no-calendar")


def test_nobody_keeps_a_copy_on_the_way(office: Office) -> None:
    (answer,) = ask(service(office), f"{PATH}?period=1&format=csv")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "etag" not in answer.headers
