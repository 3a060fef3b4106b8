"""Three worker processes, a real chain, one month: what they agree on is what anybody computes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.oracles.village import (
    EV,
    HTTP,
    NAMES,
    SECRET,
    VPP,
    WATER,
    Computed,
    Village,
    compute,
    journal_state,
    start_workers,
    village,
    wait_until,
)
from tests.support.communities import DAYS
from typer.testing import CliRunner, Result

from usufruct.core.encoding import canonical_json, unhex
from usufruct.core.keccak import keccak256
from usufruct.core.merkle import tree_root
from usufruct.core.signing import recover, unpack_signatures
from usufruct.core.typed_data import Domain, batch_digest, statement_digest
from usufruct.errors import ConfigError
from usufruct.keys import dev_account, dev_address
from usufruct_oracles import cli
from usufruct_oracles.auth import Realm, sign_request
from usufruct_oracles.wire import batch_from, statement_from

pytestmark = pytest.mark.chain

STREAMS = (WATER, EV, VPP)
AWAY = 6
"""Days at whose end gamma is not there yet."""
PATIENT = {"takeover": '"3s"'}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    with village(tmp_path_factory.mktemp("village")) as found:
        yield found


@pytest.fixture(scope="module")
def computed(place: Village, tmp_path_factory: pytest.TempPathFactory) -> Computed:
    return compute(place, DAYS, tmp_path_factory.mktemp("computed"))


@pytest.fixture(scope="module")
def month(place: Village) -> Village:
    """The month, begun by two workers while the third was away, and then anchored and stated by all."""
    start_workers(place, 0, 1, **PATIENT)
    place.move_to(place.end_of(AWAY))
    wait_until("days without gamma", lambda: _confirmed(place, 0) == [AWAY] * 3)
    start_workers(place, 2, **PATIENT)
    place.move_to(place.end_of(DAYS))
    wait_until("three statements", lambda: all(place.record(each, 1).version for each in STREAMS))
    wait_until("gamma to catch up", lambda: _confirmed(place, 2) == [DAYS] * 3)
    wait_until("all evidence", lambda: all(_has_statements(place, at) for at in range(3)))
    return place


def _confirmed(place: Village, index: int) -> list[int]:
    status = place.workers[index].get("/v1/status").json()
    return [stream["recorded"] for stream in status["streams"]]


def _has_statements(place: Village, index: int) -> bool:
    answers = [place.workers[index].get(f"/v1/statements/{each}/1/1") for each in STREAMS]
    return all(answer.status_code == 200 for answer in answers)


def test_the_chain_holds_what_the_files_come_to(month: Village, computed: Computed) -> None:
    for stream in STREAMS:
        assert month.head(stream) == computed.heads[stream][-1]
        assert month.digest(stream, 1) == computed.statements[stream]


def test_every_journal_holds_the_same_and_each_reading_once(
    month: Village, computed: Computed
) -> None:
    for worker in month.workers:
        heads, numbers = journal_state(worker)
        assert heads == computed.heads
        assert numbers == {each: list(range(computed.readings[each])) for each in STREAMS}


def test_nobody_raised_a_false_alarm(month: Village) -> None:
    for worker in month.workers:
        status = worker.get("/v1/status").json()
        assert (status["alerts"], status["error"]) == ([], "")
        assert not any(stream["held"] for stream in status["streams"])


def test_hardly_a_transaction_was_wasted(month: Village) -> None:
    sent = sum(month.client.nonce(dev_address(4 + at)) for at in range(len(NAMES)))
    needed = len(STREAMS) * (DAYS + 1)
    # The next in turn sends, too, where the first needs longer than `takeover`, which is not to be excluded on a busy
    # machine. Without turns two would send everything.
    assert needed <= sent <= needed + 3


def test_the_evidence_of_batches_leads_from_the_leaves_to_the_head(month: Village) -> None:
    domain = Domain(31337, month.deployment.address("TelemetryAnchor"))
    for stream in STREAMS:
        head = None
        for seq in range(1, DAYS + 1):
            found: dict[str, Any] = month.workers[seq % 3].get(f"/v1/batches/{stream}/{seq}").json()
            batch = batch_from(found["batch"])
            leaves = [unhex(leaf, 102) for leaf in found["leaves"]]
            assert tree_root(leaves) == batch.root
            assert keccak256(canonical_json(found["manifest"])) == batch.content
            assert batch_digest(domain, batch) == unhex(found["digest"])
            assert head in (None, batch.prev)
            head = unhex(found["head"])
            receipt = month.client.receipt(unhex(found["tx"]))
            assert receipt is not None
            assert receipt.block_number == found["block"]
        assert head == month.head(stream)


def test_the_evidence_of_statements_carries_the_quorums_signatures(month: Village) -> None:
    domain = Domain(31337, month.deployment.address("StatementBook"))
    table = month.workers[0].get("/v1/status").json()["signers"]["table"]
    for stream in STREAMS:
        answers = [worker.get(f"/v1/statements/{stream}/1/1").json() for worker in month.workers]
        assert answers[0] == answers[1] == answers[2]
        found = answers[0]
        digest = statement_digest(domain, statement_from(found["statement"]))
        assert digest == unhex(found["digest"]) == month.digest(stream, 1)
        by = unpack_signatures(table, int(found["signers"]), unhex(found["signatures"]))
        assert len(by) == 2
        assert all(recover(digest, signature) == who for who, signature in by.items())
        assert sum(int(line["amount"]) for line in found["lines"]) == int(
            found["statement"]["gross"]
        )


def test_leaves_of_committed_streams_tell_no_quantity(month: Village) -> None:
    found = month.workers[0].get(f"/v1/batches/{VPP}/1").json()
    assert {unhex(leaf)[1] for leaf in found["leaves"]} <= {2, 3}


def test_verdicts_and_metrics_are_served(month: Village) -> None:
    verdicts = month.workers[1].get("/v1/verdicts?stream=1&period=1").json()
    assert verdicts["streams"][0]["coverageBp"] == 10_000
    metrics = month.workers[1].get("/metrics").text
    assert 'usufruct_oracle_batches_anchored_total{stream="3"} 28.0' in metrics
    assert 'usufruct_oracle_statements_attested_total{stream="1"} 1.0' in metrics


def test_a_stranger_and_a_replayed_request_get_no_signature(month: Village) -> None:
    worker = month.workers[0]
    realm = Realm(31337, month.deployment.address("TelemetryAnchor"))
    body = b'{"v":1}'
    for key, status in ((9, 403), (5, 400)):
        headers = sign_request(
            bytes(dev_account(key)), realm, "POST", "/v1/sign/batch", body, int(time.time())
        )
        for _ in range(2):
            answer = HTTP.post(worker.url + "/v1/sign/batch", content=body, headers=headers)
            assert answer.status_code == status


def test_the_programs_status_and_explanation(
    month: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    config = ["--config", str(month.workers[0].folder / "worker.toml")]

    def program(*arguments: str) -> Result:
        return CliRunner().invoke(cli.app, [*arguments, *config])

    assert "WATER: 28 of 28 anchored batches confirmed, attested periods: 1 (v1)" in (
        program("status").output
    )
    assert json.loads(program("status", "--json").output)["name"] == "alpha"
    assert "VPP: can be closed" in program("explain", "2027-02", "--stream", "VPP").output
    nothing = program("release", "batch", "1", "99", "--reason", "test")
    assert nothing.output == "nothing was signed there\n"
    taken = program("release", "batch", "1", "1", "--reason", "test")
    assert isinstance(taken.exception, ConfigError)
    assert "not on the chain" in taken.exception.one_line()


def test_a_worker_ends_with_code_0_on_sigterm_and_is_back_at_once(
    month: Village, tmp_path: Path
) -> None:
    worker = month.workers[2]
    assert worker.stop() == 0
    assert '"event": "stopped"' in worker.log
    with pytest.raises(httpx.ConnectError):
        worker.get("/health")
    worker.start()
    wait_until("gamma", worker.is_up)
    assert _confirmed(month, 2) == [DAYS] * 3
