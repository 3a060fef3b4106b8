"""Documents that the issuer attached to the project, a stream or a series, as of any day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from usufruct.api import schemas
from usufruct.api.known import as_known
from usufruct.api.lookup import find_series, find_stream
from usufruct.api.moment import Moment, moment_of, unstamped
from usufruct.api.node import asked, contract_of
from usufruct.api.params import DisclosureQuery
from usufruct.api.render import Json, hexed, rfc3339
from usufruct.api.route import LedgerRoute
from usufruct.chain.client import ChainClient
from usufruct.contracts import Call, ContractError, address, disclosure_registry
from usufruct.contracts.disclosure_registry import Entry
from usufruct.ledger import ids

router = APIRouter(prefix="/v1", tags=["disclosures"], route_class=LedgerRoute)

_MOST: Final = 500
_VERSIONS: Final = 200


@router.get("/disclosures", responses=schemas.done(schemas.Disclosures))
async def disclosures(query: Annotated[DisclosureQuery, Query()], request: Request) -> Response:
    """The documents attached now or earlier, with hashes and versions.

    They are the project's, unless a stream or series is named.
    """
    async with moment_of(request) as moment:
        where = contract_of(moment.service, "DisclosureRegistry")
        subject, call = await _subject(moment, query)
        known = await as_known(moment, query)

    def read(node: ChainClient) -> list[Json]:
        key = node.call(where, call)
        names = node.call(where, disclosure_registry.all_attached_at(key, known.time)).names[:_MOST]
        return [
            _shown(moment, subject, name, entries)
            for name, entries in _histories(node, where, key, names, known.time)
            if query.period in (None, entries[-1].period)
            and query.kind in (None, _kind(entries[-1]))
        ]

    found = await asked(moment.service, read)
    body = {"object": "list", "data": found, "has_more": False, "next": None}
    return unstamped(body | {"at": rfc3339(known.time)})


def _histories(
    node: ChainClient, where: str, key: bytes, names: Sequence[bytes], time: int
) -> Iterator[tuple[bytes, list[Entry]]]:
    """For each name its entries up to a time, the oldest first; at least one."""
    counts = node.call_many([(where, disclosure_registry.versions_of(key, each)) for each in names])
    wanted = [
        (name, version)
        for name, count in zip(names, counts, strict=True)
        if not isinstance(count, ContractError)
        for version in range(1, min(count, _VERSIONS) + 1)
    ]
    questions: list[tuple[str, Call[Any]]] = [
        (where, disclosure_registry.version_at(key, *each)) for each in wanted
    ]
    found: dict[bytes, list[Entry]] = {}
    for (name, _), entry in zip(wanted, node.call_many(questions), strict=True):
        if not isinstance(entry, ContractError) and entry.since <= time:
            found.setdefault(name, []).append(entry)
    yield from found.items()


async def _subject(moment: Moment, query: DisclosureQuery) -> tuple[str, Call[bytes]]:
    if query.series is not None:
        row = await find_series(moment, query.series, "series")
        call = disclosure_registry.subject_of_contract(address(row.address))
        return ids.series_id(row.slug), call
    if query.stream is not None:
        stream = (await find_stream(moment, query.stream)).id
        return ids.stream_id(stream), disclosure_registry.subject_of_stream(stream)
    return "project", disclosure_registry.subject_of_project()


def _kind(entry: Entry) -> str:
    return entry.kind.name.lower()


def _shown(moment: Moment, subject: str, name: bytes, entries: Sequence[Entry]) -> Json:
    entry = entries[-1]
    return {
        "object": "disclosure",
        "subject": subject,
        "name": name.rstrip(b"\0").decode("utf-8", "replace"),
        "kind": _kind(entry),
        "period": moment.render.period(entry.period) if entry.period else None,
        "hash": hexed(entry.hash),
        "uri": entry.uri,
        "since": rfc3339(entry.since),
        "version": len(entries),
        "versions": [
            {
                "version": number,
                "since": rfc3339(each.since),
                "attached": each.attached,
                "supersedes": each.supersedes or None,
                "hash": hexed(each.hash),
                "uri": each.uri,
            }
            for number, each in enumerate(entries, 1)
        ],
    }
