"""HTTP push: who may, what is kept, and that an answer of 202 means it is kept for good."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from tests.unit.oracles.kit import SECRET, community, meter
from tests.unit.oracles.ocmf_kit import (
    K256,
    fiscal,
    meter_key,
    of_meter,
    payload,
    reading,
    session,
    signed,
)

from usufruct.clock import FixedClock
from usufruct.core.encoding import hex0x
from usufruct.core.signing import sign_record
from usufruct.errors import ConfigError
from usufruct.keys import dev_meter_key
from usufruct_oracles.auth import MAX_BODY
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.alive import heartbeat_payload
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.push.http import PATH, Desk, create_app
from usufruct_oracles.sources.push.inbox import KEPT_ANSWERS, Inbox
from usufruct_oracles.sources.push.source import PushSource
from usufruct_oracles.sources.push.tokens import Token, Tokens, load_tokens, new_token, token_hash
from usufruct_oracles.validation.verdicts import Rule

NOW = 1_795_000_000
HUB, OTHER = new_token(), new_token()
TOKENS = Tokens(
    {
        token_hash(HUB): Token("hub", ("charger-*",)),
        token_hash(OTHER): Token("other", ("charger-02", "home-*")),
    }
)


class Place:
    """An inbox with its endpoint."""

    def __init__(
        self, folder: Path, capacity: int = 100, share: int = 50, room: int = 1 << 20
    ) -> None:
        self.path = folder / "inbox.sqlite"
        self.clock = FixedClock(NOW)
        self.gateway = Gateway(catalog_of(community()).meters, None, {})
        self.inbox = Inbox(self.path, capacity, share, room)
        self.app = create_app(Desk(self.inbox, TOKENS, self.gateway, self.clock))
        self.source = PushSource(self.inbox, self.gateway, self.clock)

    def post(
        self, body: object, key: str | None = "k1", token: str | None = HUB, **headers: str
    ) -> httpx.Response:
        sent = {"Content-Type": "application/json", **headers}
        if key is not None:
            sent["Idempotency-Key"] = key
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://push") as client:
                return await client.post(PATH, content=content, headers=sent)

        return asyncio.run(go())


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.inbox.close()


def of(record: str, meter: str = "charger-01", **fields: Any) -> dict[str, Any]:
    return {"meter": meter, "form": "ocmf/1", "text": record, **fields}


def body(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": list(messages or (of(of_meter()),))}


def numbered(count: int, first: int = 0) -> dict[str, Any]:
    return body(*(of(of_meter(payload(PG=f"T{first + at}"))) for at in range(count)))


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code
    return answer.status_code, found["type"].rpartition("/")[2]


# --- Taking in ---


def test_what_is_taken_is_there(place: Place) -> None:
    answer = place.post(body())
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    (waiting,) = place.inbox.waiting()
    assert (waiting.delivery.raw, waiting.delivery.source) == (of_meter().encode(), "push:hub")


def test_text_and_base64_are_the_same_delivery(place: Place) -> None:
    coded = {"meter": "charger-01", "form": "ocmf/1"}
    coded["base64"] = base64.b64encode(of_meter().encode()).decode()
    first = place.post(body())
    second = place.post(body(coded), "k2")
    assert first.json() == second.json()
    assert len(place.inbox.waiting()) == 1


def test_a_repeated_request_gets_the_same_answer_and_is_kept_once(place: Place) -> None:
    first, again = place.post(body()), place.post(body())
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert len(place.inbox.waiting()) == 1


def test_a_repeated_request_gets_it_even_after_the_journal_took_the_message(place: Place) -> None:
    first = place.post(body())
    place.source.taken(list(place.source.poll()))
    assert place.inbox.waiting() == []
    assert place.post(body()).content == first.content
    assert place.inbox.waiting() == []


def test_a_key_with_another_body_is_a_conflict(place: Place) -> None:
    place.post(body())
    assert problem(place.post(numbered(2))) == (409, "key-reused")
    assert len(place.inbox.waiting()) == 1


def test_keys_belong_to_their_token(place: Place) -> None:
    place.post(body())
    other = of(signed(None, K256, meter_key("charger-02")), "charger-02")
    assert place.post(body(other), token=OTHER).status_code == 202


def test_keys_are_forgotten_after_a_week(place: Place) -> None:
    place.post(body())
    place.clock.advance(KEPT_ANSWERS + 1)
    assert place.post(numbered(2), "k2").status_code == 202
    assert place.post(numbered(3)).status_code == 202


# --- Refusals ---


def test_tokens_are_required(place: Place) -> None:
    for token in (None, "wrong", HUB[:-1], "x" * 10_000):
        answer = place.post(body(), token=token)
        assert problem(answer) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
    answer = place.post(body(), token=None, Authorization=f"Basic {HUB}")
    assert answer.status_code == 401


def test_a_token_speaks_for_its_meters_only(place: Place) -> None:
    assert problem(place.post(body(), token=OTHER)) == (403, "forbidden")
    assert place.inbox.waiting() == []


def test_one_refused_message_refuses_all(place: Place) -> None:
    good, bad = of(of_meter()), of("OCMF|{}|{}")
    answer = place.post(body(good, bad))
    assert problem(answer) == (422, "unreadable-message")
    assert answer.json()["field"] == "messages[1]"
    assert "SD" in answer.json()["detail"]
    assert place.inbox.waiting() == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"messages":[]}',
        b'{"messages":[1]}',
        b'{"messages":[],"messages":[]}',
        json.dumps({"messages": [of("x")], "more": 1}).encode(),
        json.dumps(body(of("x", text=5))).encode(),
        json.dumps(body(of("x", base64="eA=="))).encode(),
        json.dumps(body({"meter": "charger-01", "form": "ocmf/1"})).encode(),
        json.dumps(body({"meter": "charger-01", "form": "ocmf/1", "base64": "*"})).encode(),
        json.dumps(body(of("x", meter="../etc"))).encode(),
        json.dumps(body(of("x", form="OCMF"))).encode(),
        json.dumps(body(of("x", scheme="device-p256"))).encode(),
        json.dumps(body(of("x", scheme="none", signature="0x" + "00" * 64))).encode(),
        json.dumps(body(of("x", scheme="device-p256", signature="0x00"))).encode(),
        json.dumps(body(of("x", text="\ud800"))).encode(),
        json.dumps(body(of("x", text="x" * 300_000))).encode(),
        json.dumps({"messages": [of("x")] * 501}).encode(),
        b'{"messages":' + b"[" * 9999 + b"]" * 9999 + b"}",
        b"\xff",
    ],
)
def test_what_is_no_body_is_refused(place: Place, content: bytes) -> None:
    assert problem(place.post(content)) == (400, "bad-request")


@pytest.mark.parametrize("key", [None, "", "x" * 129, "a b"])
def test_a_usable_key_is_required(place: Place, key: str | None) -> None:
    assert place.post(body(), key).status_code == 400


def test_a_large_body_is_refused(place: Place) -> None:
    assert problem(place.post(b" " * (MAX_BODY + 1))) == (413, "too-large")


def test_another_media_type_is_refused(place: Place) -> None:
    answer = place.post(body(), **{"Content-Type": "text/plain"})
    assert problem(answer) == (415, "media-type")


def test_a_secret_stands_in_no_answer(place: Place) -> None:
    for answer in (place.post(body(), token="wrong-secret"), place.post(body(of("x")))):
        assert "wrong-secret" not in answer.text
        assert HUB not in answer.text


# --- Room ---


def test_a_full_inbox_says_when_to_come_again(tmp_path: Path) -> None:
    place = Place(tmp_path, capacity=3)
    assert place.post(numbered(2), "a").status_code == 202
    answer = place.post(numbered(2, 10), "b")
    assert problem(answer) == (503, "no-room")
    assert int(answer.headers["retry-after"]) > 0
    assert len(place.inbox.waiting()) == 2
    place.source.taken(list(place.source.poll()))
    assert place.post(numbered(2, 10), "b").status_code == 202
    place.inbox.close()


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    place = Place(tmp_path, room=2 * len(of_meter()))
    assert place.post(numbered(2), "a").status_code == 202
    assert problem(place.post(numbered(1, 10), "b")) == (503, "no-room")
    place.inbox.close()


def test_one_token_cannot_take_all_the_room(tmp_path: Path) -> None:
    place = Place(tmp_path, share=2)
    assert place.post(numbered(2), "a").status_code == 202
    assert problem(place.post(numbered(1, 10), "b")) == (429, "too-many-waiting")
    other = of(signed(None, K256, meter_key("charger-02")), "charger-02")
    assert place.post(body(other), "c", OTHER).status_code == 202
    place.inbox.close()


def test_a_broken_disk_is_no_acceptance(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(place.inbox, "put", fail)
    answer = place.post(body())
    assert problem(answer) == (503, "no-room")
    assert "retry-after" in answer.headers


def test_many_at_once_are_each_kept_once(place: Place) -> None:
    statuses: list[int] = []

    def push(at: int) -> None:
        statuses.append(place.post(numbered(3, 10 * (at % 4)), f"k{at % 4}").status_code)

    threads = [threading.Thread(target=push, args=(at,)) for at in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert statuses == [202] * 16
    assert len(place.inbox.waiting()) == 12


# --- Into the journal ---


def journal_of(place: Place, folder: Path) -> Journal:
    return Journal(
        folder / "journal.sqlite",
        community(),
        clock=FixedClock(NOW),
        sources=[place.source],
        privacy_secret=SECRET,
    )


def open_verdicts(journal: Journal) -> list[dict[str, Any]]:
    """What is open in October."""
    found: Any = journal.verdicts(4, 2)
    return list(found["streams"][0]["open"])


def rejected(journal: Journal) -> list[str]:
    found = open_verdicts(journal)
    return [each["rule"] for each in found if each["rule"] != Rule.MISSING]


def uncovered(journal: Journal) -> set[tuple[str, str]]:
    found = open_verdicts(journal)
    return {(each["meter"], each["day"]) for each in found if each["rule"] == Rule.MISSING}


def test_a_pushed_session_becomes_a_reading(place: Place, tmp_path: Path) -> None:
    place.post(body())
    journal = journal_of(place, tmp_path)
    assert journal.poll() == {"accepted": 1, "rejected": 0}
    assert place.inbox.waiting() == []
    assert place.post(body(), "k2").status_code == 202
    assert journal.poll() == {"accepted": 0, "rejected": 0}
    journal.close()


def test_a_forged_record_is_rejected_and_kept_with_the_reason(place: Place, tmp_path: Path) -> None:
    forged = of_meter().replace("107.75", "907.75")
    assert place.post(body(of(forged))).status_code == 202
    journal = journal_of(place, tmp_path)
    assert journal.poll() == {"accepted": 0, "rejected": 1}
    assert rejected(journal) == ["bad-signature"]
    journal.close()


def test_a_bad_meter_is_rejected_with_its_status(place: Place, tmp_path: Path) -> None:
    place.post(body(of(of_meter(payload(RD=session(ST="M"))))))
    journal = journal_of(place, tmp_path)
    assert journal.poll() == {"accepted": 0, "rejected": 1}
    assert rejected(journal) == ["meter-status"]
    journal.close()


def test_a_heartbeat_that_the_device_signed_is_passed_on(place: Place, tmp_path: Path) -> None:
    raw = heartbeat_payload("EV", "charger-01", "2026-10-01", 0)
    signature = sign_record(meter("charger-01").scheme, dev_meter_key("charger-01"), raw)
    sent = {"meter": "charger-01", "form": "alive/1", "text": raw.decode()}
    sent |= {"scheme": "device-secp256k1", "signature": hex0x(signature)}
    assert place.post(body(sent)).status_code == 202
    journal = journal_of(place, tmp_path)
    assert journal.poll() == {"accepted": 0, "rejected": 0}
    assert rejected(journal) == []
    assert ("charger-01", "2026-10-01") not in uncovered(journal)
    assert ("charger-01", "2026-10-02") in uncovered(journal)
    journal.close()


def test_a_fiscal_record_says_that_a_meter_was_alive(place: Place, tmp_path: Path) -> None:
    quiet = of_meter(fiscal(RD=[reading(None, 10, TM="2026-10-02T00:00:00,000+0800 S")]))
    assert place.post(body(of(quiet))).status_code == 202
    journal = journal_of(place, tmp_path)
    assert journal.poll() == {"accepted": 0, "rejected": 0}
    assert ("charger-01", "2026-10-01") not in uncovered(journal)
    journal.close()


def test_what_was_not_taken_comes_again(place: Place) -> None:
    place.post(body())
    first = [each.digest for each in place.source.poll()]
    assert [each.digest for each in place.source.poll()] == first
    reopened = PushSource(Inbox(place.path, 9, 9), place.gateway, place.clock)
    found = list(reopened.poll())
    assert [each.digest for each in found] == first
    reopened.taken(found)
    assert place.inbox.waiting() == []


def test_a_meter_that_left_the_community_does_not_block_the_others(place: Place) -> None:
    place.post(body())
    place.post(body(of(signed(None, K256, meter_key("charger-02")), "charger-02")), "k2")
    meters = {
        code: each for code, each in catalog_of(community()).meters.items() if code != "charger-01"
    }
    fewer = PushSource(place.inbox, Gateway(meters, None, {}), place.clock)
    found = list(fewer.poll())
    assert sorted(each.scheme for each in found) == ["", "device-secp256k1"]
    fewer.taken(found)
    assert place.inbox.waiting() == []


# --- Tokens ---


def test_tokens_are_read_from_their_file(tmp_path: Path) -> None:
    token = new_token()
    path = tmp_path / "tokens.toml"
    path.write_text(f'[[token]]\nname = "hub"\nsha256 = "{token_hash(token)}"\nmeters = ["a-*"]\n')
    found = load_tokens(path).find(token)
    assert found == Token("hub", ("a-*",))
    assert token not in path.read_text()
    assert replace(found, name="x").allows("a-1")
    assert not found.allows("b-1")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('sha256 = "00"\nmeters = ["a"]', "sha256"),
        ('sha256 = "{hash}"\nmeters = []', "meters"),
        ('sha256 = "{hash}"\nmeters = ["a b"]', "meters"),
        ('meters = ["a"]', "sha256"),
    ],
)
def test_a_token_that_is_wrong_is_told(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text('[[token]]\nname = "hub"\n' + text.replace("{hash}", "0" * 64))
    with pytest.raises(ConfigError) as refused:
        load_tokens(path)
    assert refused.value.field is not None
    assert refused.value.field.endswith(field)


def test_two_tokens_have_two_names(tmp_path: Path) -> None:
    one = '[[token]]\nname = "hub"\nsha256 = "{}"\nmeters = ["a"]\n'
    path = tmp_path / "tokens.toml"
    path.write_text(one.format("0" * 64) + one.format("1" * 64))
    with pytest.raises(ConfigError):
        load_tokens(path)
