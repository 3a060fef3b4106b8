"""Walks every operation of the OpenAPI document, so that one without protection is found the day it is added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from tests.support.asking import CONTRACTS, House, filled, named, payout

from usufruct.api.app import create_app
from usufruct.api.auth.principal import Role
from usufruct.api.labels import Labels
from usufruct.api.render import Renderer
from usufruct.api.service import Service
from usufruct.ledger.database import Database
from usufruct.ledger.models import access_head, access_log, metadata
from usufruct.money import Currency


def _document() -> dict[str, Any]:
    render = Renderer(Currency("USDX", 6), Labels())
    return create_app(Service(Database("sqlite:///nowhere.db"), render, 31337, CONTRACTS)).openapi()


DOCUMENT = _document()
OPERATIONS = {
    (method.upper(), path): operation
    for path, each in DOCUMENT["paths"].items()
    for method, operation in each.items()
}
NAMED = [key for key in OPERATIONS if "{" in key[1]]
WRITES = [key for key in OPERATIONS if key[0] != "GET"]

# --- Whose is it -----------------------------------------------------------------------------------

PUBLIC = {
    "/v1/series/{series_id}",
    "/v1/series/{series_id}/records",
    "/v1/series/{series_id}/look-through",
    "/v1/series/{series_id}/dust",
    "/v1/distributions/{distribution_id}",
    "/v1/streams/{stream_id}",
    "/v1/streams/{stream_id}/preview",
    "/v1/batches/{stream_id}/{seq}",
    "/v1/statements/{stream_id}/{period}",
    "/v1/settlements/{stream_id}/{period}",
    "/v1/offerings/{offering_id}",
}
"""About nobody in particular. Whatever is not named here must be hidden from those it does not concern."""
OF_A_STREAM = {"payout_id", "series_id", "distribution_id", "offering_id"}
"""What the operator of its stream may read too."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Holders 1 to 8, each a participant of the same number, in series of two streams."""
    made = filled(tmp_path_factory.mktemp("walk"))
    made.service.refusals.per_second = 0  # each refusal is looked at here, however fast they come
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(house: House) -> dict[str, dict[str, str]]:
    """Headers by who asks; A is the first investor, her series s1 is of stream 1."""
    return {
        "A": house.investor(1),
        "B": house.investor(3),
        "operator of stream 1": house.key(Role.OPERATOR, streams=(1,)),
        "operator of stream 2": house.key(Role.OPERATOR, streams=(2,)),
        "auditor": house.key(Role.AUDITOR),
    }


@pytest.fixture(scope="module")
def of_a(house: House, people: dict[str, dict[str, str]]) -> dict[str, str]:
    """What is A's, by the name of the parameter."""
    body = {"url": "https://books.example/a"}
    made = house.post("/v1/webhooks", body, headers=people["A"] | {"idempotency-key": "of-a"})
    return {
        "address": named(1),
        "payout_id": payout(1, 1, 1),
        "series_id": "s1",
        "distribution_id": "dist_s1_1",
        "participant": "1",
        "webhook_id": made.json()["id"],
        "offering_id": "off_1",
        "stream_id": "1",
        "period": "1",
        "seq": "1",
    }


NOTHING = {
    "address": named(99),
    "payout_id": payout(1, 99, 1),
    "series_id": "s99",
    "distribution_id": "dist_s1_99",
    "participant": "99",
    "webhook_id": "whk_99",
    "offering_id": "off_99",
}
"""What is not there, by the name of the parameter."""


def asked(house: House, key: tuple[str, str], given: dict[str, str], who: dict[str, str]) -> Any:
    path = key[1].format_map(given)
    headers = who | {"idempotency-key": "walk"}
    return house.ask(path, key[0], headers=headers, **({"json": {}} if key[0] == "POST" else {}))


def parameters(path: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("key", NAMED, ids=" ".join)
def test_what_is_anothers_is_hidden_behind_every_identifier(
    key: tuple[str, str], house: House, people: dict[str, dict[str, str]], of_a: dict[str, str]
) -> None:
    own = parameters(key[1])
    assert own <= of_a.keys(), "say in of_a what is whose, for a new kind of identifier"
    if key[1] in PUBLIC:
        for who in (*people.values(), {}):
            text = asked(house, key, of_a, who).text
            assert not any(named(each)[2:] in text.lower() for each in range(1, 9))
        return
    assert asked(house, key, of_a, {}).status_code == 401
    allowed = those_allowed(own)
    for name in people.keys() - allowed:
        require_alike(
            asked(house, key, of_a, people[name]), asked(house, key, of_a | NOTHING, people[name])
        )
    for name in sorted(allowed, key=lambda each: each != "auditor"):
        status = asked(house, key, of_a, people[name]).status_code
        assert status not in (401, 403, 404, 500), (name, status)


def those_allowed(own: set[str]) -> set[str]:
    """Who may read what these parameters name, if it is A's."""
    allowed = {"A"} if own & {"address", "participant", "payout_id", "webhook_id"} else set()
    if "webhook_id" not in own:
        allowed |= {"auditor"}
    if "offering_id" in own:
        allowed |= {"A", "B"}  # each her own subscription, which is nothing for B (test_tenants)
    return allowed | ({"operator of stream 1"} if own & OF_A_STREAM else set())


def require_alike(hidden: httpx.Response, nothing: httpx.Response) -> None:
    """What is hidden looks like what is not there."""
    assert (hidden.status_code, nothing.status_code) == (404, 404), hidden.text
    told, none = hidden.json(), nothing.json()
    assert told.keys() == none.keys()
    for part in ("type", "rule", "remedy", "field"):
        assert told[part] == none[part]


@pytest.mark.parametrize(
    "key", [key for key in OPERATIONS if key[0] == "GET" and "{" not in key[1]], ids=" ".join
)
@pytest.mark.parametrize("who", ["nobody", "B", "operator of stream 2"])
def test_no_list_tells_of_another_wallet(
    key: tuple[str, str], who: str, house: House, people: dict[str, dict[str, str]]
) -> None:
    answer = house.ask(key[1], headers=people.get(who, {}))
    assert answer.status_code in (200, 401, 403, 404, 422, 503)
    for holder in (1, 2, 4, 5, 6, 7, 8):
        assert named(holder)[2:] not in answer.text.lower()


# --- As of when -------------------------------------------------------------------------------------

NOW_ONLY = {
    "/v1/events": "a log: entries are numbered, name their block, and never change or go",
    "/v1/access-log": "a log of this service, not of the chain: entries name their time and never change or go",
    "/v1/webhooks": "where this service sends events now, by the caller's own orders",
    "/v1/auth/session": "who the caller is now",
}
"""What tells of this service and not of the chain, or never changes what it said; each says so in its description."""
READS = [path for method, path in OPERATIONS if method == "GET" and path.startswith("/v1/")]


def asks_when(path: str) -> set[str]:
    given = {each["name"] for each in OPERATIONS["GET", path].get("parameters", ())}
    return given & {"as_of_block", "as_of_date"}


def test_everything_that_changes_can_be_asked_as_of_a_block_or_date() -> None:
    assert {path for path in READS if len(asks_when(path)) < 2} == NOW_ONLY.keys()


@pytest.mark.parametrize("path", sorted(NOW_ONLY))
def test_what_is_of_the_present_only_says_so_and_refuses_another_moment(
    path: str, house: House, people: dict[str, dict[str, str]]
) -> None:
    assert "Not as of a block" in OPERATIONS["GET", path]["description"]
    answer = house.ask(f"{path}?as_of_block=1", headers=people["auditor"])
    assert (answer.status_code, answer.json()["field"]) == (422, "as_of_block")
    assert "as_of_block" not in house.ask(path, headers=people["auditor"]).json()


@pytest.mark.parametrize("path", [path for path in READS if path not in NOW_ONLY])
def test_a_moment_that_has_not_come_is_refused_everywhere(
    path: str, house: House, people: dict[str, dict[str, str]], of_a: dict[str, str]
) -> None:
    """So that none of them takes the parameters and looks at the present."""
    query = "&period=1" if path.endswith("/statement") else "&year=2026"
    query = query if path.endswith(("/statement", "/tax-summary")) else ""
    for name, value in (("as_of_block", "999999999"), ("as_of_date", "2999-01-01")):
        where = f"{path.format_map(of_a)}?{name}={value}{query}"
        told = house.ask(where, headers=people["auditor"]).json()
        assert told.get("field") == name or told["type"].endswith("/no-calendar"), told


# --- What a write does when it comes twice ---------------------------------------------------------

KEYED: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/webhooks"): {"url": "https://other.example"},
    ("POST", "/v1/compliance/registrations"): {"participant": 8},
    ("POST", "/v1/compliance/freezes"): {"frozen": False},
}
"""Need an Idempotency-Key; with a member that makes the example another request."""
SAME_AGAIN = {("DELETE", "/v1/webhooks/{webhook_id}"), ("POST", "/v1/auth/signout")}
"""Lead to the same however often they come, and answer the same."""
ONCE_BY_NONCE = {("POST", "/v1/auth/sign-in")}
"""Cannot come twice: what is sent counts once (test_a_nonce_signs_in_once_also_after_a_restart)."""
WRITES_NOTHING = {
    ("POST", "/v1/auth/challenge"),
    ("POST", "/v1/wallets/{address}/claims"),
    *(
        ("POST", f"/v1/wallets/{{address}}/{each}")
        for each in ("subscriptions", "withdrawals", "deliveries")
    ),
    ("POST", "/v1/streams/{stream_id}/preview"),
    ("POST", "/v1/proofs/verify"),
    ("POST", "/v1/finance/value"),
    ("POST", "/v1/finance/risk"),
    *(
        ("POST", f"/v1/finance/structure/{each}")
        for each in ("check", "compare", "export", "simulate")
    ),
}
"""Compute or prepare."""


def test_every_write_is_safe_to_repeat_in_one_of_these_ways() -> None:
    ways = (KEYED, SAME_AGAIN, ONCE_BY_NONCE, WRITES_NOTHING)
    assert sorted(key for way in ways for key in way) == sorted(WRITES)


def example(key: tuple[str, str]) -> Any:
    content = OPERATIONS[key]["requestBody"]["content"]["application/json"]
    return content.get("example", {})


@pytest.mark.parametrize("key", sorted(KEYED), ids=" ".join)
def test_a_keyed_write_happens_once(key: tuple[str, str], house: House) -> None:
    who, body = house.key(Role.TRANSFER_AGENT), example(key)
    bare = house.post(key[1], body, headers=who)
    assert (bare.status_code, bare.json()["field"]) == (422, "idempotency-key")
    keyed = who | {"idempotency-key": "once"}
    before = rows(house)
    first, second = (house.post(key[1], body, headers=keyed) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"
    added = {name: count - before[name] for name, count in rows(house).items()}
    assert {name: count for name, count in added.items() if count} in (
        {"idempotency": 1},
        {"idempotency": 1, "webhook": 1},
    )
    other = house.post(key[1], body | KEYED[key], headers=keyed)
    assert (other.status_code, other.json()["type"].rpartition("/")[2]) == (409, "key-reused")


@pytest.mark.parametrize("key", sorted(SAME_AGAIN), ids=" ".join)
def test_a_write_that_leads_to_the_same_answers_the_same(
    key: tuple[str, str], house: House
) -> None:
    who = house.investor(1)
    hook = {"url": "https://books.example/b"}
    made = house.post("/v1/webhooks", hook, headers=who | {"idempotency-key": key[1]}).json()
    path = key[1].format(webhook_id=made["id"])
    first, second = (house.ask(path, key[0], headers=who) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)


@pytest.mark.parametrize("key", sorted(WRITES_NOTHING), ids=" ".join)
def test_what_computes_writes_nothing(key: tuple[str, str], house: House) -> None:
    who, before = house.investor(1), rows(house)
    path = key[1].format(address=named(1), stream_id="1")
    answer = house.post(path, example(key), headers=who)
    assert answer.status_code < 500 or answer.json()["type"].endswith("chain-unavailable")
    assert rows(house) == before


def rows(house: House) -> dict[str, int]:
    """Rows by table; what was noted about who asked is left out."""
    noted = (access_log.name, access_head.name)
    with house.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name not in noted
        }


# --- What is sent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", WRITES, ids=" ".join)
def test_no_write_takes_bodies_without_bound(key: tuple[str, str], house: House) -> None:
    who = house.key(Role.TRANSFER_AGENT) | {"content-type": "application/json"}
    who |= {"idempotency-key": "large"}
    path = key[1].format(address=named(1), stream_id="1", webhook_id="whk_1")
    most = 4 * 1024 * 1024 if path == "/v1/proofs/verify" else 64 * 1024
    large = house.ask(path, key[0], content=b" " * (most + 1), headers=who)
    assert large.status_code == 413
    chunked = house.ask(path, key[0], content=iter_of(b"{}"), headers=who)
    assert chunked.status_code == 413
    for bomb in (b"[" * 60_000, b'{"file":' * 7_000 + b"1" + b"}" * 7_000):
        answer = house.ask(path, key[0], content=bomb, headers=who)
        assert answer.status_code < 500 or answer.json()["type"].endswith("chain-unavailable")
        if key not in SAME_AGAIN:
            assert answer.status_code in (400, 404, 415, 422), answer.text


async def iter_of(*parts: bytes) -> Any:
    """A body of unknown length."""
    for part in parts:
        yield part
