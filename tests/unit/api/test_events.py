"""Final facts: told once, in order, to those who may know, and to webhooks until they are taken."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import func, select, update
from tests.support.asking import House, filled, named

from benches._api.ledger import wallet
from usufruct.api.auth import store
from usufruct.api.auth.principal import ANONYMOUS, Principal, Role
from usufruct.api.events.deliver import LEASE, PAUSES, Deliverer
from usufruct.api.events.facts import KINDS
from usufruct.api.events.feed import Feed
from usufruct.api.events.signing import secret_of, sign, verify
from usufruct.api.labels import Labels
from usufruct.api.once import KEPT_SECONDS
from usufruct.api.routes import events
from usufruct.errors import EvidenceError
from usufruct.ledger.models import (
    access_log,
    cursor,
    feed_event,
    idempotency,
    metadata,
    series,
    webhook,
)


def feed(house: House, finality: int = 0) -> None:
    while Feed(house.database, house.service.render, finality).round():
        pass


def listed(house: House, query: str = "", headers: dict[str, str] | None = None) -> list[Any]:
    answer = house.ask(f"/v1/events?limit=200{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_every_fact_is_told_once_in_the_order_of_the_chain(house: House) -> None:
    feed(house)
    auditor = house.key(Role.AUDITOR)
    told = listed(house, headers=auditor)
    assert [int(each["id"]) for each in told] == list(range(1, len(told) + 1))
    assert [each["block"] for each in told] == sorted(each["block"] for each in told)
    kinds = [each["type"] for each in told]
    assert set(kinds) <= set(KINDS)
    assert kinds.count("distribution.created") == 12
    assert kinds.count("payment.made") == 4
    assert kinds.count("settlement.created") == kinds.count("statement.settled") == 6
    feed(house)
    assert listed(house, headers=auditor) == told


def test_a_distribution_is_of_the_period_that_its_resource_tells_of_funds_too(
    open_house: House,
) -> None:
    render = replace(open_house.service.render, labels=Labels(first_period="2026-09"))
    object.__setattr__(open_house.service, "render", render)
    with open_house.database.write() as connection:
        connection.execute(update(series).where(series.c.slug == "s1").values(stream=None))
    feed(open_house)
    told = [each["data"] for each in listed(open_house, "&type=distribution.created")]
    months = {each["series"]: each["period"]["month"] for each in told}
    assert months.pop("ser_s1") is None
    assert None not in months.values()
    for each in told:
        assert open_house.ask(f"/v1/distributions/{each['id']}").json()["period"] == each["period"]


def test_what_a_reorganisation_may_take_back_is_not_told(house: House) -> None:
    with house.database.read() as connection:
        head = connection.execute(select(cursor.c.block)).scalar_one()
    feed(house, finality=5)
    assert max(each["block"] for each in listed(house)) <= head - 5
    before = listed(house)
    with house.database.write() as connection:
        connection.execute(update(cursor).values(block=head + 3))
    feed(house, finality=5)
    after = listed(house)
    assert after[: len(before)] == before
    assert head - 5 < max(each["block"] for each in after) <= head - 2


def test_a_crash_between_two_writes_loses_and_doubles_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(
            "usufruct.api.events.feed.update", dies
        )  # after the events, before the cursor
        with pytest.raises(KeyboardInterrupt):
            feed(house)
    with house.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(feed_event)).scalar_one() == 0
    feed(house)
    assert len(listed(house, headers=house.key(Role.AUDITOR))) == 41


def test_payments_are_told_to_their_wallet_and_to_those_who_supervise(house: House) -> None:
    feed(house)
    assert listed(house, "&type=payment.made") == []
    own = listed(house, "&type=payment.made", house.investor(1))
    assert [each["data"]["wallet"].lower() for each in own] == [named(1)]
    assert len(listed(house, "&type=payment.made", house.key(Role.OPERATOR, streams=(1,)))) == 2
    assert len(listed(house, "&type=payment.made", house.key(Role.AUDITOR))) == 4


def noted(house: House) -> list[tuple[str, str, str, str]]:
    """Role, action, resource and outcome of all rows of the access log."""
    with house.database.read() as connection:
        rows = connection.execute(select(access_log).order_by(access_log.c.number)).all()
    return [(row.role, row.action, row.resource, row.outcome) for row in rows]


def test_whoever_is_told_of_anothers_payments_by_a_role_is_recorded_once(house: House) -> None:
    feed(house)
    payments, public = "/v1/events?type=payment.made", "/v1/events?type=settlement.created"
    assert house.ask(payments, headers=house.investor(1)).json()["data"]
    for role in (Role.AUDITOR, Role.OPERATOR):
        assert house.ask(public, headers=house.key(role)).json()["data"]
    assert noted(house) == []
    for role in (Role.AUDITOR, Role.OPERATOR):
        assert house.ask(payments, headers=house.key(role)).json()["data"]
    assert noted(house) == [
        ("auditor", "GET", payments, "granted"),
        ("operator", "GET", payments, "granted"),
    ]


def test_a_stream_of_anothers_payments_is_recorded_once_before_the_first(house: House) -> None:
    feed(house)
    headers = house.key(Role.AUDITOR)
    logged: list[int] = []

    async def send(message: Any) -> None:
        if b"payment.made" in message.get("body", b""):
            logged.append(len(noted(house)))
        if b"still here" in message.get("body", b""):
            house.app.state.streams.closing = True

    async def main() -> None:
        with anyio.fail_after(20):
            await house.app(stream_of(headers), nothing_more, send)

    anyio.run(main)
    assert logged == [1] * 4
    assert noted(house) == [("auditor", "GET", "/v1/events", "granted")]


def test_pages_of_events_are_the_whole_list(house: House) -> None:
    feed(house)
    whole, found, after = listed(house), [], ""
    while True:
        page = house.ask(f"/v1/events?limit=5{after}").json()
        found += page["data"]
        if not page["has_more"]:
            break
        after = f"&starting_after={page['next']}"
    assert found == whole


def test_a_stream_goes_on_after_the_last_event_that_was_seen(house: House) -> None:
    feed(house)
    streams = events.Streams()
    whole = listed(house)

    async def first(after: int, count: int) -> list[str]:
        told = events._told(streams, "here", house.service, nobody, unnoted, after, None)
        found = []
        async for chunk in told:
            if chunk.startswith(b"id: "):
                found.append(chunk.decode())
            if len(found) == count:
                break
        assert streams.count == 1
        await told.aclose()
        return found

    some = anyio.run(first, int(whole[2]["id"]), 2)
    assert [each.split("\n")[0] for each in some] == [f"id: {each['id']}" for each in whole[3:5]]
    assert json.loads(some[0].split("data: ")[1]) == whole[3]
    assert streams == events.Streams()


async def nobody() -> Principal:
    return ANONYMOUS


async def unnoted(who: Principal, role: Role) -> None:
    raise AssertionError("nobody has a role")


async def nothing_more() -> Any:
    await anyio.sleep_forever()


def test_one_address_does_not_take_all_streams() -> None:
    streams = events.Streams()
    with ExitStack() as opened:
        for _ in range(20):
            assert not streams.full("here")
            opened.enter_context(streams.one("here"))
        assert streams.full("here")
        assert not streams.full("there")
        for number in range(80):
            opened.enter_context(streams.one(str(number)))
        assert streams.full("there")
    assert streams == events.Streams()


def stream_of(headers: dict[str, str]) -> dict[str, Any]:
    """The request for a stream of events."""
    return {
        "type": "http", "method": "GET", "path": "/v1/events", "raw_path": b"/v1/events",
        "query_string": b"", "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
        "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"},
        "headers": [
            (b"accept", b"text/event-stream"),
            (b"authorization", headers["authorization"].encode()),
        ],
    }  # fmt: skip


def test_a_stream_ends_when_the_key_is_revoked(house: House) -> None:
    """Nothing that becomes final after the revocation is told, while the stream was opened before it."""
    headers = house.key(Role.AUDITOR)
    with house.database.read() as connection:
        (grant,) = store.list_grants(connection)
    seen: list[bytes] = []

    async def send(message: Any) -> None:
        seen.append(message.get("body", b""))
        if b"still here" in seen[-1]:  # it is open and has nothing to tell
            with house.database.write() as connection:
                assert store.revoke(connection, grant.id, house.clock.now())
            feed(house)

    async def main() -> None:
        with anyio.fail_after(20):
            await house.app(stream_of(headers), nothing_more, send)

    anyio.run(main)
    assert b"retry" in seen[1]
    assert not any(each.startswith(b"id: ") for each in seen)


def test_what_one_request_reads_of_many_events_has_a_bound(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(house)
    row = {"kind": "payment.made", "stream": 2, "wallet": bytes(20), "document": "{}"}
    with house.database.write() as connection:
        last = connection.execute(select(func.max(feed_event.c.number))).scalar_one()
        rows = [row | {"number": last + n, "place": (1 << 50) + n} for n in range(1, 6_001)]
        connection.execute(feed_event.insert(), rows)
    asked: list[int] = []
    read = events._read

    async def counted(service: Any, after: int) -> Any:
        asked.append(after)
        return await read(service, after)

    monkeypatch.setattr(events, "_read", counted)
    mine = house.investor(1)
    pages, after = [], ""
    while True:
        asked.clear()
        answer = house.ask(f"/v1/events?type=payment.made{after}", headers=mine).json()
        assert len(asked) <= 11
        pages.append(answer["data"])
        if not answer["has_more"]:
            break
        after = f"&starting_after={answer['next']}"
    assert [len(each) for each in pages] == [1, 0, 0, 0]
    assert house.ask("/v1/events?type=nothing", headers=mine).json()["field"] == "type"


# --- Webhooks --------------------------------------------------------------------------------------


class Receiver:
    """A receiver that can fail."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.meanwhile: Callable[[], object] = lambda: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
                outer.meanwhile()
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("location", "http://169.254.169.254/latest/meta-data")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.taken]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[House]:
    made = filled(tmp_path, loopback_webhooks=True)
    yield made
    made.close()


def subscribe(house: House, url: str, headers: dict[str, str], *types: str) -> dict[str, Any]:
    body = {"url": url, "types": list(types)}
    answer = house.post(
        "/v1/webhooks", body, headers=headers | {"idempotency-key": url + "".join(types)}
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliver(house: House) -> bool:
    return Deliverer(house.database, house.service.access, house.clock).round()


def test_events_are_delivered_in_order_signed_and_once(
    open_house: House, receiver: Receiver
) -> None:
    hook = subscribe(
        open_house, receiver.url, open_house.investor(1), "distribution.created", "payment.made"
    )
    feed(open_house)
    while deliver(open_house):
        pass
    told = [json.loads(body) for _, body in receiver.taken]
    assert [each["type"] for each in told].count("distribution.created") == 12
    assert [e["data"]["wallet"].lower() for e in told if e["type"] == "payment.made"] == [named(1)]
    assert [int(each["id"]) for each in told] == sorted(int(each["id"]) for each in told)
    for headers, body in receiver.taken:
        given = (headers["webhook-id"], headers["webhook-timestamp"], body)
        verify(hook["secret"], *given, headers["webhook-signature"], open_house.clock.now())
    (shown,) = open_house.ask("/v1/webhooks", headers=open_house.key(Role.AUDITOR)).json()[
        "data"
    ] or [None]
    assert shown is None  # another's webhooks do not exist


def test_a_webhook_that_is_told_of_others_by_a_role_is_recorded(
    open_house: House, receiver: Receiver
) -> None:
    subscribe(open_house, receiver.url, open_house.investor(1))
    subscribe(open_house, receiver.url, open_house.key(Role.OPERATOR, streams=(2,)))
    assert noted(open_house) == [("operator", "POST", "/v1/webhooks", "granted")]


def test_a_failing_receiver_is_asked_again_later_with_the_same_id(
    open_house: House, receiver: Receiver
) -> None:
    subscribe(open_house, receiver.url, open_house.key(Role.AUDITOR), "settlement.created")
    feed(open_house)
    receiver.status = 500
    for pause in PAUSES[:3]:
        assert not deliver(open_house)
        assert not deliver(open_house)  # not before its time
        open_house.clock.advance(pause)
    assert len(set(receiver.ids())) == 1
    assert len(receiver.ids()) == 3
    receiver.status = 204
    assert deliver(open_house)
    assert receiver.ids()[3] == receiver.ids()[0]
    assert len(set(receiver.ids())) == 6


def test_a_clock_that_is_set_back_silences_no_webhook(
    open_house: House, receiver: Receiver
) -> None:
    subscribe(open_house, receiver.url, open_house.key(Role.AUDITOR), "settlement.created")
    feed(open_house)
    receiver.status = 500
    assert not deliver(open_house)
    receiver.status = 204
    open_house.clock.advance(-10 * PAUSES[-1])
    assert deliver(open_house)


def test_a_receiver_that_answers_drop_by_drop_holds_up_nobody(
    open_house: House, receiver: Receiver
) -> None:
    dripping = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip() -> None:
        connection, _ = dripping.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
            while not done.wait(0.05):
                connection.sendall(b"y")

    threading.Thread(target=drip, daemon=True).start()
    auditor = open_house.key(Role.AUDITOR)
    slow = f"http://127.0.0.1:{dripping.getsockname()[1]}/"
    subscribe(open_house, slow, auditor, "settlement.created")
    subscribe(open_house, receiver.url, auditor, "settlement.created")
    feed(open_house)
    try:
        Deliverer(
            open_house.database, open_house.service.access, open_house.clock, seconds=1
        ).round()
    finally:
        done.set()
        dripping.close()
    assert len(receiver.taken) == 6
    hooks = open_house.ask("/v1/webhooks", headers=auditor).json()["data"]
    assert {each["url"]: each["failure"] for each in hooks} == {
        slow: "no answer within 1 s",
        receiver.url: None,
    }


def test_a_receiver_that_stays_away_or_says_gone_is_left_alone(
    open_house: House, receiver: Receiver
) -> None:
    auditor = open_house.key(Role.AUDITOR)
    subscribe(open_house, receiver.url, auditor, "settlement.created")
    feed(open_house)
    receiver.status = 302  # a redirect leads nowhere
    for pause in (*PAUSES, 1):
        deliver(open_house)
        open_house.clock.advance(pause)
    (hook,) = open_house.ask("/v1/webhooks", headers=auditor).json()["data"]
    assert (hook["status"], hook["failure"], hook["attempts"]) == ("stopped", "status 302", 10)
    assert len(receiver.taken) == 10
    subscribe(open_house, receiver.url + "2", auditor)
    with open_house.database.write() as connection:
        last = connection.execute(select(feed_event).limit(1)).one()._asdict() | {"number": 999}
        connection.execute(feed_event.insert().values(**last | {"place": 1}))
    receiver.status = 410
    deliver(open_house)
    hooks = open_house.ask("/v1/webhooks", headers=auditor).json()["data"]
    assert {each["failure"] for each in hooks} == {"status 302", "status 410"}


def test_whose_key_was_revoked_is_told_nothing_more(open_house: House, receiver: Receiver) -> None:
    subscribe(open_house, receiver.url, open_house.key(Role.AUDITOR))
    feed(open_house)
    with open_house.database.write() as connection:
        store.revoke(connection, store.list_grants(connection)[0].id, open_house.clock.now())
    deliver(open_house)
    assert receiver.taken == []


def test_a_removed_webhook_is_silent_and_anothers_cannot_be_removed(
    open_house: House, receiver: Receiver
) -> None:
    mine, other = open_house.key(Role.AUDITOR), open_house.key(Role.AUDITOR)
    path = f"/v1/webhooks/{subscribe(open_house, receiver.url, mine)['id']}"
    feed(open_house)
    assert open_house.ask(path, "DELETE", headers=other).status_code == 404
    for _ in range(2):  # however often
        assert open_house.ask(path, "DELETE", headers=mine).json()["status"] == "removed"
    deliver(open_house)
    assert receiver.taken == []


def test_a_secret_is_changed_by_a_second_webhook_and_nothing_is_lost_or_told_anew(
    open_house: House, receiver: Receiver
) -> None:
    auditor = open_house.key(Role.AUDITOR)
    first = subscribe(open_house, receiver.url, auditor)
    feed(open_house)
    second = subscribe(open_house, receiver.url + "2", auditor)
    while deliver(open_house):
        pass
    hooks = open_house.ask("/v1/webhooks", headers=auditor).json()["data"]
    assert {each["delivered_through"] for each in hooks} == {second["delivered_through"]} != {"0"}
    for number in (998, 999):
        with open_house.database.write() as connection:
            last = connection.execute(select(feed_event).limit(1)).one()._asdict()
            connection.execute(
                feed_event.insert().values(**last | {"number": number, "place": number})
            )
        deliver(open_house)
        open_house.ask(f"/v1/webhooks/{first['id']}", "DELETE", headers=auditor)
    told = [json.loads(body)["id"] for _, body in receiver.taken]
    whole = [each["id"] for each in listed(open_house, headers=auditor)]
    assert sorted(told, key=int) == sorted([*whole, "998"], key=int)  # while there were both
    assert len(set(receiver.ids())) == len(told)
    assert second["secret"] != first["secret"]


def test_webhooks_that_were_removed_long_ago_leave_nothing(
    open_house: House, receiver: Receiver
) -> None:
    mine = open_house.key(Role.AUDITOR)
    made = [subscribe(open_house, receiver.url, mine, kind) for kind in KINDS[:2]]
    paths = [f"/v1/webhooks/{each['id']}" for each in made]
    open_house.ask(paths[0], "DELETE", headers=mine)
    open_house.clock.advance(KEPT_SECONDS + 1)
    open_house.ask(paths[1], "DELETE", headers=mine)
    subscribe(open_house, receiver.url, mine, KINDS[2])
    codes = [open_house.ask(path, "DELETE", headers=mine).status_code for path in paths]
    assert codes == [404, 200]


def test_the_secret_of_a_webhook_stands_in_no_table(open_house: House, receiver: Receiver) -> None:
    hook = subscribe(open_house, receiver.url, open_house.key(Role.AUDITOR))
    with open_house.database.read() as connection:
        kept = repr([connection.execute(select(each)).all() for each in metadata.sorted_tables])
    assert hook["secret"] not in kept
    assert hook["secret"] == secret_of(b"s" * 32, hook["id"])


@pytest.fixture
def two(open_house: House, receiver: Receiver) -> tuple[House, Deliverer, Deliverer]:
    """Two servers on one ledger with one webhook."""
    subscribe(open_house, receiver.url, open_house.key(Role.AUDITOR), "settlement.created")
    feed(open_house)
    given = (open_house.database, open_house.service.access, open_house.clock)
    return open_house, Deliverer(*given), Deliverer(*given)


def test_two_servers_deliver_an_event_once(
    two: tuple[House, Deliverer, Deliverer], receiver: Receiver
) -> None:
    _, one, other = two
    receiver.meanwhile = lambda: other.round() and None
    while one.round():
        pass
    assert len(receiver.ids()) == len(set(receiver.ids())) == 6


def test_what_a_server_had_begun_when_it_died_goes_on_elsewhere_after_a_while(
    two: tuple[House, Deliverer, Deliverer], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, one, other = two

    async def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Deliverer, "_send", dies)
        with pytest.raises(KeyboardInterrupt):
            one.round()
    assert not other.round()
    house.clock.advance(LEASE)
    assert other.round()
    assert len(receiver.ids()) == len(set(receiver.ids())) == 6


def test_a_server_that_slept_moves_nothing_back(
    two: tuple[House, Deliverer, Deliverer], receiver: Receiver
) -> None:
    """Its turn has passed to another, which is further; whatever it still says counts no more."""
    house, one, other = two

    def slept() -> None:
        if len(receiver.taken) == 1:
            house.clock.advance(LEASE)
            while other.round():
                pass

    receiver.meanwhile = slept
    one.round()
    with house.database.read() as connection:
        told = connection.execute(select(webhook.c.told)).scalar_one()
        last = connection.execute(select(func.max(feed_event.c.number))).scalar_one()
    assert told == last
    sent = receiver.ids()
    assert len(sent) == 7  # the event that was under way, and no other, came twice
    assert len(set(sent)) == 6


def test_a_wallet_that_the_ledger_does_not_know_has_no_webhooks(open_house: House) -> None:
    """Wallets are free: else whoever makes a hundred has two thousand webhooks."""
    body = {"url": "https://books.example/x"}
    for known, status in ((wallet(1), 201), (b"\x77" * 20, 403)):
        with open_house.database.write() as connection:
            made = store.open_session(connection, known, open_house.clock.now(), 600)
        headers = {"authorization": f"Bearer {made.token}", "idempotency-key": known.hex()}
        answer = open_house.post("/v1/webhooks", body, headers=headers)
        assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith("role-missing")
    with open_house.database.write() as connection:
        store.grant_wallet(
            connection,
            name="clerk",
            role=Role.REGULATOR,
            wallet=b"\x77" * 20,
            streams=(),
            now=open_house.clock.now(),
            expires_at=None,
        )
    assert open_house.post("/v1/webhooks", body, headers=headers).status_code == 201


def test_a_round_has_a_bound_and_nobody_has_more_of_it_than_another(open_house: House) -> None:
    """Many webhooks of few hold up those of others for one short round, not for minutes."""
    feed(open_house)
    now = open_house.clock.now()
    rows = [
        {
            "id": f"whk_{actor}{n:02}", "actor": f"actor{actor}", "url": "https://x", "kinds": "[]",
            "told": 0, "attempts": attempts, "next_at": now - 10 + actor, "status": "active", "created_at": now,
        }
        for actor, attempts, count in ((1, 1, 200), (2, 0, 200), (3, 0, 1))
        for n in range(count)
    ]  # fmt: skip
    with open_house.database.write() as connection:
        connection.execute(webhook.insert(), rows)
    served: list[Any] = []

    class Noting(Deliverer):
        async def _serve_all(self, due: Any) -> list[bool]:
            served.append([each.actor for each in due])
            return []

    assert Noting(open_house.database, open_house.service.access, open_house.clock).round()
    (chosen,) = served
    assert len(chosen) <= 64
    assert {each: chosen.count(each) for each in set(chosen)} == {
        "actor1": 4,
        "actor2": 4,
        "actor3": 1,
    }
    assert chosen[:2] == ["actor2", "actor3"]  # whoever fails comes after whoever does not


def test_a_write_that_is_sent_again_happens_once(open_house: House) -> None:
    headers = open_house.key(Role.AUDITOR) | {"idempotency-key": "k1"}
    body = {"url": "https://books.example/x"}
    first = open_house.post("/v1/webhooks", body, headers=headers)
    again = open_house.post("/v1/webhooks", body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = open_house.post("/v1/webhooks", {"url": "https://books.example/y"}, headers=headers)
    assert other.status_code == 409
    restarted = House(open_house.database.url.render_as_string())
    assert restarted.post("/v1/webhooks", body, headers=headers).json() == first.json()
    restarted.close()
    with open_house.database.read() as connection:
        assert len(connection.execute(select(idempotency)).all()) == 1
    someone = open_house.key(Role.AUDITOR) | {"idempotency-key": "k1"}
    assert open_house.post("/v1/webhooks", body, headers=someone).json() != first.json()


@pytest.mark.parametrize("key", [None, "", "x" * 129, "a b", "ä".encode()])
def test_a_write_without_a_key_is_refused(open_house: House, key: Any) -> None:
    headers: dict[str, Any] = dict(open_house.key(Role.AUDITOR))
    if key is not None:
        headers["idempotency-key"] = key
    answer = open_house.post("/v1/webhooks", {"url": "https://books.example"}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, "idempotency-key")


def test_a_receiver_refuses_what_is_changed_old_or_signed_by_another() -> None:
    secret, body = secret_of(b"s" * 32, "whk_1"), b'{"a":1}'
    signature = sign(secret, "msg_1", 1_000, body)
    verify(secret, "msg_1", "1000", body, signature, 1_200)
    verify(secret, "msg_1", "1000", body, f"v1,x {signature}", 1_200)
    for change in (
        {"message": "msg_2"},
        {"time": "1001"},
        {"time": "x"},
        {"body": b'{"a":2}'},
        {"now": 1_301},
        {"now": 699},
        {"secret": secret_of(b"t" * 32, "whk_1")},
        {"signature": ""},
    ):
        given: dict[str, Any] = {"secret": secret, "message": "msg_1", "time": "1000", "body": body}
        with pytest.raises(EvidenceError):
            verify(**given | {"signature": signature, "now": 1_200} | change)
