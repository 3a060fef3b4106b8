"""Documents that the issuer attached to the project, a stream or a series, as of any day."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from usufruct.api import schemas
from usufruct.api.known import as_known
from usufruct.api.lookup import find_series, find_stream
from usufruct.api.moment import AnyMoment, Moment, unstamped
from usufruct.api.node import asked, contract_of
from usufruct.api.params import AsOf, DisclosureQuery
from usufruct.api.render import Json, hexed, rfc3339
from usufruct.chain.client import ChainClient
from usufruct.contracts import Call, ContractError, address, disclosure_registry
from usufruct.ledger import ids

router = APIRouter(prefix="/v1", tags=["disclosures"])

_MOST = 500


@router.get("/disclosures", responses=schemas.done(schemas.Disclosures))
async def disclosures(query: Annotated[DisclosureQuery, Query()], moment: AnyMoment) -> Response:
    """The documents attached now or at a time, with their hashes; of the project unless a stream or series is named."""
    where = contract_of(moment.service, "DisclosureRegistry")
    subject, call = await _subject(moment, query)
    known = await as_known(moment, AsOf(as_of_date=query.as_of_date))

    def read(node: ChainClient) -> list[Json]:
        if known.time < 0:
            return []  # a chain's clock begins in 1970: nothing was attached before
        key = node.call(where, call)
        attached = node.call(where, disclosure_registry.all_attached_at(key, known.time))
        names = attached.names[:_MOST]
        questions: list[tuple[str, Call[Any]]] = [
            (where, disclosure_registry.attached_at(key, name, known.time)) for name in names
        ]
        answers = node.call_many(questions)
        return [
            _shown(moment, subject, name, entry)
            for name, entry in zip(names, answers, strict=True)
            if not isinstance(entry, ContractError)
        ]

    found = await asked(moment.service, read)
    body = {"object": "list", "data": found, "has_more": False, "next": None}
    return unstamped(body | {"at": rfc3339(known.time)})


async def _subject(moment: Moment, query: DisclosureQuery) -> tuple[str, Call[bytes]]:
    if query.series is not None:
        row = await find_series(moment, query.series, "series")
        call = disclosure_registry.subject_of_contract(address(row.address))
        return ids.series_id(row.slug), call
    if query.stream is not None:
        stream = (await find_stream(moment, query.stream)).id
        return ids.stream_id(stream), disclosure_registry.subject_of_stream(stream)
    return "project", disclosure_registry.subject_of_project()


def _shown(moment: Moment, subject: str, name: bytes, entry: disclosure_registry.Entry) -> Json:
    return {
        "object": "disclosure",
        "subject": subject,
        "name": name.rstrip(b"\0").decode("utf-8", "replace"),
        "kind": entry.kind.name.lower(),
        "period": moment.render.period(entry.period) if entry.period else None,
        "hash": hexed(entry.hash),
        "uri": entry.uri,
        "since": rfc3339(entry.since),
    }
