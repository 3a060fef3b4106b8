"""What is found out once for an endpoint gives the answers that finding it out for each request gives."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import anyio
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import BaseModel
from tests.support.asking import ORIGIN, House, filled, named, payout
from tests.unit.api.test_walk import OPERATIONS

from usufruct.api import route as subject
from usufruct.api import routes
from usufruct.api.auth.principal import Role
from usufruct.api.problems import install
from usufruct.api.route import LedgerRoute

PARTS = {
    "address": [named(1), named(3), named(99), named(1).upper(), "0x12", "x" * 65],
    "payout_id": [payout(1, 1, 1), payout(2, 1, 3), "po_", "y" * 129],
    "series_id": ["ser_s1", "S2", "0x8000000000000000000000000000000000000002", "%00", "z" * 65],
    "distribution_id": ["dist_s1_1", "dist_s1_99", "dist"],
    "stream_id": ["STREAM1", "2", "x" * 41],
    "period": ["1", "0", "one", "1.0"],
    "seq": ["1", "-1", "+1"],
    "offering_id": ["off_1", "off_x"],
    "participant": ["1", "0", "01", "1e3", "9007199254740993"],
}
QUERIES = [
    "",
    "?",
    "?limit=2",
    "?limit=0",
    "?limit=1.0",
    "?limit=",
    "?limit=2&limit=3",
    "?limit=2&limit=x",
    "?as_of_block=108",
    "?as_of_block=108&as_of_date=2026-10-31",
    "?as_of_date=2026-10-31",
    "?as_of_date=yesterday",
    "?status=paid",
    "?status=lost",
    "?sort=-amount&limit=1",
    "?sort=amount",
    "?series=ser_s1&stream=STREAM1&period=1",
    "?unknown=1",
    "?LIMIT=1",
    "?limit=%32",
    "?limit=2;sort=amount",
    "?readings=all",
    "?period=2026-10",
    "?starting_after=po_s1_1_x",
    "?starting_after=%00",
    "?period=1&format=csv",
    "?year=2027&format=csv",
]


ROUTES = {
    route.path: route
    for module in iter_modules(routes.__path__, f"{routes.__name__}.")
    for route in import_module(module.name).router.routes
    if isinstance(route, LedgerRoute)
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = filled(tmp_path_factory.mktemp("routes"))
    made.service.refusals.per_second = 0  # refusals are compared here, however fast they come
    yield made
    made.close()


@pytest.fixture(scope="module")
def plain(house: House) -> FastAPI:
    """The same resources as FastAPI alone would answer them."""
    app = FastAPI(redirect_slashes=False)
    app.state.service = house.service
    install(app)
    for route in ROUTES.values():
        app.add_api_route(route.path, route.endpoint, dependencies=route.dependencies)
    return app


def _told(answer: httpx.Response) -> tuple[int, object, list[str | None]]:
    """What an answer says, but for the number under which the log has more."""
    body: object = answer.content
    if answer.headers.get("content-type", "").endswith("json"):
        body = {name: value for name, value in answer.json().items() if name != "incident"}
    names = ("content-type", "etag", "cache-control", "vary", "www-authenticate", "retry-after")
    return answer.status_code, body, [answer.headers.get(name) for name in names]


def _resources(path: str) -> Iterator[str]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    for given in itertools.product(*(PARTS[name] for name in names)):
        yield path.format(**dict(zip(names, given, strict=True)))


def _answers(
    app: FastAPI, urls: list[str], headers: dict[str, str] | None = None
) -> list[httpx.Response]:
    async def main() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            return [await client.get(url, headers=headers) for url in urls]

    return anyio.run(main)


@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_and_refusal_is_the_one_that_fastapi_alone_gives(
    house: House, plain: FastAPI, path: str
) -> None:
    first, *others = _resources(path)
    urls = [first + query for query in QUERIES]
    urls += [other + query for other in others for query in ("", "?limit=x")]
    seen = set()
    for headers in (house.investor(1), house.key(Role.AUDITOR)):
        ours, theirs = (_answers(app, urls, headers) for app in (house.app, plain))
        for url, one, other in zip(urls, ours, theirs, strict=True):
            assert _told(one) == _told(other), url
            seen.add(one.status_code)
    assert 422 in seen
    assert seen - {422}


def test_what_was_known_before_is_told_so_without_the_answer(house: House) -> None:
    path = f"/v1/wallets/{named(1)}/payouts"
    headers = house.investor(1)
    etag = house.ask(path, headers=headers).headers["etag"]
    again = house.ask(path, headers=headers | {"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_no_endpoint_of_the_ledger_is_left_to_the_general_way() -> None:
    assert len(ROUTES) > 30
    for path, route in ROUTES.items():
        rules = [each.dependency for each in route.dependencies]
        assert subject._plan(route.endpoint, rules) is not None, path


def test_every_resource_that_is_read_from_the_ledger_is_of_this_kind() -> None:
    read = {
        path
        for (method, path), each in OPERATIONS.items()
        if method == "GET" and each["tags"][0] not in ("access", "events", "system")
    }
    assert read == set(ROUTES)


class Asked(BaseModel):
    """A query."""

    limit: int = 1


async def _plainly(query: Annotated[Asked, Query()], request: Request) -> Response:
    return Response(f"{query.limit} {request.url.path}")


async def _with_a_single_parameter(limit: int = 2) -> Response:
    return Response(str(limit))


async def _with_an_object(query: Annotated[Asked, Query()]) -> dict[str, int]:
    return {"limit": query.limit}


def _in_a_thread(query: Annotated[Asked, Query()]) -> Response:
    return Response(str(query.limit))


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        (_plainly, "5 /at"),
        (_with_a_single_parameter, "5"),
        (_with_an_object, '{"limit":5}'),
        (_in_a_thread, "5"),
    ],
)
def test_endpoints_of_other_shapes_are_answered_too(endpoint: Any, answer: str) -> None:
    router = APIRouter(route_class=LedgerRoute)
    router.add_api_route("/at", endpoint)
    app = FastAPI()
    app.include_router(router)
    right, wrong = _answers(app, ["/at?limit=5", "/at?limit=five"])
    assert (right.status_code, right.text) == (200, answer)
    assert wrong.status_code == 422
