"""A charging session, signed by its station: over HTTP to two workers, through their journals onto the chain."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.oracles.village import (
    EV,
    Village,
    village,
    wait_until,
)
from tests.support.communities import MONTH
from tests.support.ports import free_port
from tests.unit.oracles.ocmf_kit import fiscal, of_meter, payload, reading
from tests.unit.oracles.ocpp_kit import call, event, signed_sample, values

from usufruct.core.encoding import ReadingLeaf, unhex
from usufruct.core.signing import verify_record
from usufruct_oracles.sources import ocmf
from usufruct_oracles.sources.push.inbox import Inbox
from usufruct_oracles.sources.push.tokens import new_token, token_entry
from usufruct_oracles.sources.records import record_hash

pytestmark = pytest.mark.chain

METER, TOKEN = "charger-01", new_token()


@dataclass
class Site:
    """A village two of whose workers take pushes instead of files for the chargers."""

    village: Village
    urls: list[str]

    def push(self, key: str, *messages: tuple[str, str]) -> None:
        """The same messages (form and text) to both workers."""
        body = {
            "messages": [{"meter": METER, "form": form, "text": text} for form, text in messages]
        }
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
        headers["Content-Type"] = "application/json"
        for url in self.urls:
            answer = httpx.post(
                url, content=json.dumps(body), headers=headers, timeout=30, trust_env=False
            )
            assert answer.status_code == 202, answer.text


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with village(tmp_path_factory.mktemp("village")) as found:
        shutil.rmtree(found.inbox / "EV")
        start = [found.workers[0], found.workers[1]]
        urls = [_with_push(found, each.index) for each in start]
        for each in start:
            each.start()
        for each in start:
            wait_until(f"{each.name} to come up", each.is_up)
        yield Site(found, urls)


def _with_push(found: Village, index: int) -> str:
    """Gives a worker a second source; returns the address for pushes."""
    worker, port = found.workers[index], free_port()
    path = worker.write_config()
    text = path.read_text().replace("[source]", "[[source]]")
    text += f'\n[[source]]\nkind = "push"\nlisten = "127.0.0.1:{port}"\n'
    path.write_text(text + 'inbox = "inbox.sqlite"\ntokens = "tokens.toml"\n')
    path.with_name("tokens.toml").write_text(token_entry("hub", TOKEN, [METER]))
    return f"http://127.0.0.1:{port}/v1/messages"


def at(time: str, day: int = 1) -> str:
    return f"{MONTH}-{day:02d}T{time},000+0800 S"


def test_a_signed_session_reaches_the_chain_as_the_station_signed_it(site: Site) -> None:
    ends = [reading(TM=at("10:00:00")), reading("E", 107.75, TM=at("10:30:00"))]
    record = of_meter(payload(RD=ends), METER)
    quiet = of_meter(fiscal(RD=[reading(None, 107.75, TM=at("00:00:00", 2))]), METER)
    started = call(event("Started", 0)).decode()
    ended = call(event("Ended", 1, values("02:30:00", signed_sample(record)))).decode()
    before = site.village.head(EV)
    site.push("session", ("ocpp/2", started), ("ocpp/2", ended), ("ocmf/1", record))
    site.push("alive", ("ocmf/1", quiet))
    site.village.move_to(site.village.end_of(1))
    wait_until("the batch of the chargers", lambda: site.village.head(EV) != before, 120)
    wait_until("its evidence", lambda: _batch(site, 1).status_code == 200)

    found: dict[str, Any] = _batch(site, 1).json()
    assert (found["manifest"]["expected"], found["manifest"]["covered"]) == (1, 1)
    assert found["manifest"]["quantity"] == "7250"
    (leaf,) = [ReadingLeaf.decode(unhex(each, 102)) for each in found["leaves"]]
    parsed = ocmf.parse(record)
    signature = ocmf.compact(parsed)
    assert leaf.record == record_hash(parsed.payload, signature)
    (meter,) = [each for each in site.village.community.meters if each.code == METER]
    assert verify_record(meter.scheme, meter.public_key, parsed.payload, signature)


def _batch(site: Site, index: int) -> httpx.Response:
    return site.village.workers[index].get(f"/v1/batches/{EV}/1")


def test_nothing_waits_in_the_inboxes_any_more(site: Site) -> None:
    for index in (0, 1):
        path: Path = site.village.workers[index].folder / "inbox.sqlite"
        assert path.exists()
        inbox = Inbox(path, 9, 9)
        assert inbox.waiting() == []
        inbox.close()
