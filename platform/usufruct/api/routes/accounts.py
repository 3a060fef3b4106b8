"""Statements of account and tax summaries as files."""

from __future__ import annotations

from datetime import UTC
from http import HTTPStatus
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy import Connection

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet
from usufruct.api.known import refused, times_by_node, too_late
from usufruct.api.labels import Labels
from usufruct.api.params import AsOf, moment_of, wallet_bytes
from usufruct.api.problems import Problem
from usufruct.api.render import rfc3339
from usufruct.api.route import LedgerRoute
from usufruct.api.service import Service, service_of
from usufruct.contracts import address as checksummed
from usufruct.exports.bank.journal import transfers_noted
from usufruct.exports.calendar import AsOf as Moment
from usufruct.exports.calendar import Calendar, as_of, ledger_end
from usufruct.exports.make import MEDIA_TYPES, account_document, render
from usufruct.exports.project import Project
from usufruct.ledger.moments import at_block
from usufruct.ledger.reads.places import CURSOR

router = APIRouter(
    prefix="/v1/wallets/{address}",
    tags=["wallets"],
    dependencies=[Depends(own_wallet)],
    route_class=LedgerRoute,
)

Address = Annotated[str, Path(max_length=64, description="wallet")]
Format = Annotated[
    Literal["pdf", "csv", "xlsx"] | None,
    Field(description="format; without it the Accept header decides, PDF if it does not"),
]
_FILES: Final = schemas.document(each.partition(";")[0] for each in MEDIA_TYPES.values())


class StatementOfAccountQuery(AsOf):
    """Which statement of account, as the ledger is or was."""

    period: Annotated[
        str,
        Field(
            max_length=16, description="month or number of the period", examples=["2026-09", "1"]
        ),
    ]
    format: Format = None


class TaxQuery(AsOf):
    """Which tax summary, as the ledger is or was."""

    year: Annotated[str, Field(max_length=8, description="calendar year", examples=["2026"])]
    format: Format = None


@router.get("/statement", responses=_FILES, response_class=Response)
async def statement(
    address: Address,
    query: Annotated[StatementOfAccountQuery, Query()],
    request: Request,
) -> Response:
    """Income of a period and every movement of its month, adding up to the unit, as PDF, CSV or XLSX."""
    kind = _kind(query.format, request)
    service, wallet = service_of(request), wallet_bytes(address)
    content = await service.documents.of(
        lambda: _made(service, wallet, kind, query, period=query.period)
    )
    return _file(content, kind, f"statement-{query.period}")


@router.get("/tax-summary", responses=_FILES, response_class=Response)
async def tax_summary(
    address: Address,
    query: Annotated[TaxQuery, Query()],
    request: Request,
) -> Response:
    """Income credited, money received and tax withheld in a calendar year, as PDF, CSV or XLSX."""
    kind = _kind(query.format, request)
    service, wallet = service_of(request), wallet_bytes(address)
    content = await service.documents.of(
        lambda: _made(service, wallet, kind, query, year=query.year)
    )
    return _file(content, kind, f"tax-{query.year}")


def _made(
    service: Service,
    wallet: bytes,
    kind: str,
    query: AsOf,
    *,
    period: str | None = None,
    year: str | None = None,
) -> bytes:
    project = _project(service.render.labels)
    path = service.bank_journal
    with service.database.read() as connection:
        if connection.execute(CURSOR).first() is None:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "not-ready",
                "The index has not seen a block yet.",
                remedy="try again in a moment; /ready tells when",
                headers={"retry-after": "2"},
            )
        then = _then(connection, query, service)
        made = (
            []
            if path is None
            else transfers_noted(
                path, wallet=checksummed(wallet), known=None if then is None else then.time
            )
        )
        document, _ = account_document(
            connection, project, wallet, made, period=period, year=year, known=then
        )
    return render(document, kind)


def _then(connection: Connection, query: AsOf, service: Service) -> Moment | None:
    """The moment that is asked for where it is an earlier one; None for the ledger's end, and whatever is known now.

    A problem where the ledger is not that far.
    """
    number, date = query.as_of_block, query.as_of_date
    if number is not None and date is not None:
        raise refused("as_of_date", date, "give as_of_block or as_of_date", "drop one")
    last = ledger_end(connection)
    if number == last.block:
        return None
    if number is not None:
        at = at_block(connection, number, times_by_node(service.chain))
        if at is None:
            raise too_late("as_of_block", number, f"block {last.block}")
        return Moment(number, at.time, at.end)
    if date is None:
        return None
    first, end = moment_of(date, service.render.labels.timezone)
    if first > last.time:
        raise too_late("as_of_date", date, rfc3339(last.time))
    then = as_of(connection, end + 1)
    return None if then == last else then


def _project(labels: Labels) -> Project:
    """The project as the server knows it; a problem where it was given no community file."""
    if labels.first_period is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "no-calendar",
            "The server does not know the project's calendar.",
            remedy="start usufruct serve with --community",
        )
    zone = labels.timezone
    name = zone.key if isinstance(zone, ZoneInfo) else str(UTC)
    return Project("", labels.project or "", Calendar(labels.first_period, name))


def _kind(chosen: str | None, request: Request) -> str:
    """The format that the query or the Accept header asks for."""
    if chosen is not None:
        return chosen
    accepted = request.headers.get("accept", "*/*")
    for part in accepted.split(","):
        wanted = part.partition(";")[0].strip().lower()
        for kind, media in MEDIA_TYPES.items():
            if wanted == media.partition(";")[0]:
                return kind
        if wanted in ("*/*", "application/*"):
            return "pdf"
    raise Problem(
        HTTPStatus.NOT_ACCEPTABLE,
        "not-acceptable",
        "The document is made in none of the accepted formats.",
        field="accept",
        value=accepted[:100],
        rule=f"one of {', '.join(MEDIA_TYPES.values())}",
        remedy="send another Accept header, or ?format=pdf",
    )


def _file(content: bytes, kind: str, name: str) -> Response:
    safe = "".join(each for each in name if each.isalnum() or each == "-")
    return Response(
        content,
        media_type=MEDIA_TYPES[kind],
        headers={
            "content-disposition": f'attachment; filename="{safe}.{kind}"',
            # Bank transfers change without a block, so that no mark of the ledger says whether it is still the same.
            "cache-control": "private, no-store",
            "vary": "accept",
        },
    )
