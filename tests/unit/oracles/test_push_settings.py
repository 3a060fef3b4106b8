"""`kind = "push"` in a worker's configuration: what is read, what it opens, and how a mistake is told."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.unit.oracles.kit import community
from tests.unit.oracles.ocmf_kit import P384, key, of_meter, payload, session, signed, spki

from usufruct.clock import FixedClock
from usufruct.config import Community
from usufruct.core.signing import public_key
from usufruct.errors import ConfigError
from usufruct.keys import dev_account
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.settings import read_document
from usufruct_oracles.sources import ocmf
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.grouping import Delivery
from usufruct_oracles.sources.kinds import KINDS
from usufruct_oracles.sources.messages import device_bytes
from usufruct_oracles.sources.opening import Erasing, SourceSettings, Surroundings
from usufruct_oracles.sources.push.inbox import Answer, Inbox
from usufruct_oracles.sources.push.source import PATIENCE, PushSource
from usufruct_oracles.sources.push.tokens import new_token, token_entry
from usufruct_oracles.sources.sealing import SCHEME

TOKEN = new_token()
GATEWAY = 7


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def read(folder: Path, text: str) -> SourceSettings:
    (folder / "tokens.toml").write_text(token_entry("hub", TOKEN, ["charger-*"]))
    path = folder / "worker.toml"
    path.write_text('[[source]]\nkind = "push"\n' + text)
    (section,) = read_document(path).one_or_more("source")
    return KINDS["push"].read(section.only({"kind", *KINDS["push"].keys}))


def good(port: int) -> str:
    return f'listen = "127.0.0.1:{port}"\ninbox = "inbox.sqlite"\ntokens = "tokens.toml"\n'


def with_gateway_meter() -> Community:
    """The example community with a charger that the gateway signs for."""
    public = public_key(SCHEME, bytes(dev_account(GATEWAY)))
    meters = tuple(
        replace(each, scheme=SCHEME, public_key=public) if each.code == "charger-02" else each
        for each in community().meters
    )
    return replace(community(), meters=meters)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def surroundings(stack: ExitStack, of: Community | None = None) -> Surroundings:
    return Surroundings(of or community(), FixedClock(1_800_000_000), 31_337, stack)


def test_it_listens_until_the_worker_stops(tmp_path: Path, port: int) -> None:
    url = f"http://127.0.0.1:{port}/v1/messages"
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k"}
    body = json.dumps({"messages": [{"meter": "charger-01", "form": "ocmf/1", "text": of_meter()}]})
    headers["Content-Type"] = "application/json"
    with ExitStack() as stack:
        source = read(tmp_path, good(port)).open(surroundings(stack))
        assert isinstance(source, PushSource)
        assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 202
        assert httpx.get(url, trust_env=False).status_code == 405
        assert [each.scheme for each in source.poll()] == ["device-secp256k1"]
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, content=body, headers=headers, trust_env=False)


def test_the_gateway_signs_for_its_meters(tmp_path: Path, port: int, stack: ExitStack) -> None:
    found = spki(key(P384)).hex()
    text = (
        good(port)
        + f'gateway_key = {{ dev = {GATEWAY} }}\ndevices = {{ charger-02 = "{found}" }}\n'
    )
    source = read(tmp_path, text).open(surroundings(stack, with_gateway_meter()))
    assert isinstance(source, PushSource)
    record = signed(algorithm=P384)
    item = Delivery("push:hub", "charger-02", "ocmf/1", record.encode())
    inbox = Inbox(tmp_path / "inbox.sqlite", 9, 9)
    inbox.put("hub", "k", b"", [item], Answer(202, b""), 0)
    inbox.close()
    (message,) = list(source.poll())
    assert (message.scheme, device_bytes(message.payload)) == (SCHEME, record.encode())


def test_a_gateways_key_that_no_meter_knows_is_refused(
    tmp_path: Path, port: int, stack: ExitStack
) -> None:
    settings = read(tmp_path, good(port) + "gateway_key = { dev = 8 }\n")
    with pytest.raises(ConfigError) as refused:
        settings.open(surroundings(stack, with_gateway_meter()))
    assert "gateway" in str(refused.value.field)


def test_a_port_that_is_taken_is_told(tmp_path: Path, port: int, stack: ExitStack) -> None:
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ConfigError, match="cannot listen"),
    ):
        read(tmp_path, good(port)).open(surroundings(stack))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("listen = ", "# ", "listen"),
        ("127.0.0.1:", "127.0.0.1:x", "listen"),
        ("inbox = ", "# ", "inbox"),
        ('"tokens.toml"', '"nowhere.toml"', None),
        ("inbox = ", "capacity = 0\ninbox = ", "capacity"),
        ("inbox = ", "share = 0\ninbox = ", "share"),
        ("inbox = ", 'patience = "long"\ninbox = ', "patience"),
        ("inbox = ", "devices = { a = 5 }\ninbox = ", "devices"),
        ("inbox = ", 'gateway_key = "0x00"\ninbox = ', "gateway_key"),
        ("inbox = ", "more = 1\ninbox = ", "more"),
    ],
)
def test_a_mistake_is_told(
    tmp_path: Path, port: int, old: str, new: str, field: str | None
) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, good(port).replace(old, new, 1))
    if field is not None:
        assert str(refused.value.field).endswith(field)


def test_an_erasure_leaves_nothing_of_the_household_in_the_inbox(tmp_path: Path, port: int) -> None:
    settings = read(tmp_path, good(port))
    assert isinstance(settings, Erasing)
    assert settings.erase(community(), "EV", "charger-01") == 0
    inbox = Inbox(tmp_path / "inbox.sqlite", 9, 9)
    records = {
        code: signed(payload(GI=f"the gateway of {code}"), P384)
        for code in ("charger-01", "charger-02", "charger-03")
    }
    items = [Delivery("push:hub", code, "ocmf/1", each.encode()) for code, each in records.items()]
    inbox.put("hub", "k", b"", items, Answer(202, b""), 0)
    inbox.remove([each.id for each in inbox.waiting() if each.delivery.meter == "charger-03"])
    inbox.close()
    assert settings.erase(community(), "EV", "charger-01") == 1
    assert settings.erase(community(), "EV", "charger-01") == 0
    left = b"".join(each.read_bytes() for each in tmp_path.glob("inbox.sqlite*"))
    assert b"the gateway of charger-01" not in left
    assert b"the gateway of charger-03" not in left
    assert b"the gateway of charger-02" in left


def test_the_other_half_is_seen_after_a_poll_that_could_make_nothing(tmp_path: Path) -> None:
    of = with_gateway_meter()
    gateway = Gateway(
        catalog_of(of).meters, dev_account(GATEWAY), {"charger-02": spki(key(P384)).hex()}
    )
    clock, inbox = FixedClock(1_000), Inbox(tmp_path / "inbox.sqlite", 9, 9)
    source = PushSource(inbox, gateway, clock)
    for page, each in enumerate(session(), 41):
        assert list(source.poll()) == []
        record = signed(payload(PG=f"T{page}", RD=[each]), P384)
        item = Delivery("push:hub", "charger-02", "ocmf/1", record.encode())
        inbox.put("hub", f"k{page}", b"", [item], Answer(202, b""), clock.now())
    found = list(source.poll())
    assert len(found) == 1
    assert list(source.poll()) == found
    source.taken(found)
    assert inbox.waiting() == []
    inbox.close()


def test_half_a_transaction_waits_and_goes_when_its_time_is_over(tmp_path: Path) -> None:
    of = with_gateway_meter()
    gateway = Gateway(
        catalog_of(of).meters, dev_account(GATEWAY), {"charger-02": spki(key(P384)).hex()}
    )
    clock, inbox = FixedClock(1_000), Inbox(tmp_path / "inbox.sqlite", 9, 9)
    source = PushSource(inbox, gateway, clock)
    half = signed(payload(RD=session()[:1]), P384)
    item = Delivery("push:hub", "charger-02", "ocmf/1", half.encode())
    inbox.put("hub", "k", b"", [item], Answer(202, b""), clock.now())
    clock.advance(PATIENCE - 1)
    assert list(source.poll()) == []
    clock.advance(1)
    (message,) = list(source.poll())
    (row,) = ocmf.decode(device_bytes(message.payload), catalog_of(of).meters["charger-02"])
    assert row.fault is not None
    source.taken([message])
    assert inbox.waiting() == []
    inbox.close()
