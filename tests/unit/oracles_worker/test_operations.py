"""What an operator does and sees: health, readiness, metrics, chores, and the commands about keys and proofs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.oracles_worker.fakes import ROOT, Team
from tests.unit.oracles_worker.test_config import GOOD, SECRET, write
from tests.unit.oracles_worker.test_equivocation import next_batch, other, proof, show
from tests.unit.oracles_worker.test_server import Caller
from typer.testing import CliRunner, Result

from usufruct.chain.outbox import Attempt, ChainAccount, Outbox, Request, State
from usufruct.core.encoding import canonical_json
from usufruct.errors import ChainError, ConfigError, EvidenceError, InputError
from usufruct.keys import dev_address
from usufruct_oracles import cli, process
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.chores import Chores, OutboxGauge, StakeGauge
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.journal.database import Database
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import RECORDS_PATH, SIGNATURES_PATH
from usufruct_oracles.rotation import plan_rotation, steps
from usufruct_oracles.server import create_app, create_ops_app
from usufruct_oracles.sightings import Sightings

TABLE = Signers(tuple(sorted((dev_address(n) for n in (4, 5, 6)), key=str.lower)), 2, 7)


# --- Health and readiness ---


@pytest.fixture
def caller(team: Team) -> Caller:
    team.deliver(1)
    team.end_of(1)
    team.members[0].worker.run_once()
    return Caller(team.members[0])


def test_health_is_the_loop_and_readiness_its_last_pass(caller: Caller) -> None:
    worker = caller.member.worker
    assert caller.send("GET", "/healthz").status_code == 503
    assert caller.send("GET", "/readyz").json() == {"ok": False}
    worker._running = True
    assert caller.send("GET", "/healthz").json() == {"ok": True}
    assert caller.send("GET", "/readyz").json() == {"ok": True}
    worker.progress.error = "3: ChainError: the node stalls"
    answer = caller.send("GET", "/readyz")
    assert (answer.status_code, answer.json()["why"]) == (503, worker.progress.error)


def test_a_chain_that_stands_still_is_not_ready(caller: Caller) -> None:
    worker, clock = caller.member.worker, caller.member.clock
    worker._running = True
    clock.set(clock.now() + 601)
    worker.run_once()
    assert "no new block for 601 s" in worker.unready()
    caller.member.view._last = None
    worker.run_once()
    worker._max_head_age = 0
    assert worker.unready() == ""


def test_the_ops_port_serves_nothing_but_what_is_open_to_anybody(caller: Caller) -> None:
    caller.app = create_ops_app(caller.site)
    assert caller.send("GET", "/healthz").status_code == 503
    assert b"usufruct_oracle_lag_seconds" in caller.send("GET", "/metrics").content
    assert caller.send("GET", "/v1/status").json()["name"] == caller.member.name
    assert caller.send("GET", "/v1/batches/3/1").status_code == 404
    assert caller.send("POST", "/v1/sign/batch").status_code == 404


@pytest.mark.parametrize("path", [SIGNATURES_PATH, RECORDS_PATH])
@pytest.mark.parametrize(("key", "status"), [(None, 401), (9, 403), (15, 403), (4, 400)])
def test_only_members_may_ask_for_signatures_and_records(
    caller: Caller, path: str, key: int | None, status: int
) -> None:
    member = caller.member
    site = caller.site
    journal = _Journal(member.community, member.database)
    clerk = Clerk(journal, member.witness)  # type: ignore[arg-type]
    caller.site = replace(site, clerk=clerk)
    caller.app = create_app(caller.site)
    answer = caller.send("POST", path, b"{}", key=key, host="127.0.0.1", name="127.0.0.1")
    assert answer.status_code == status


class _Journal:
    def __init__(self, community: object, database: object) -> None:
        self.community = community
        self.database = database


# --- Chores and metrics ---


def test_chores_are_done_when_due_and_a_failure_stops_no_other() -> None:
    now, done = [0.0], []

    def fail() -> None:
        done.append("failing")
        raise ChainError("the node stalls")

    chores = Chores(
        {"failing": (10.0, fail), "good": (1.0, lambda: done.append("good"))}, lambda: now[0]
    )
    chores.run_due()
    chores.run_due()
    assert done == ["failing", "good"]
    now[0] = 1.5
    chores.run_due()
    assert done == ["failing", "good", "good"]
    stop = threading.Event()
    stop.set()
    chores.run(stop)


def test_the_outbox_shows_how_long_something_waits(tmp_path: Path) -> None:
    now, metrics = [100.0], Metrics()
    account = ChainAccount(1, bytes(32), dev_address(4))
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        gauge = OutboxGauge(outbox, account, metrics, lambda: now[0])
        gauge()
        assert _metric(metrics, "outbox_pending") == 0
        entry, _ = outbox.store(
            account,
            "key",
            Request(None, b"", 0, 21_000),
            lambda: 0,
            lambda nonce: Attempt(nonce, bytes(32), b"", 1, 1),
        )
        gauge()
        now[0] += 42
        gauge()
        assert (_metric(metrics, "outbox_pending"), _metric(metrics, "outbox_age_seconds")) == (
            1,
            42,
        )
        outbox.move(entry, State.MINED)
        gauge()
        assert (_metric(metrics, "outbox_pending"), _metric(metrics, "outbox_age_seconds")) == (
            0,
            0,
        )


class _Verdicts:
    """A journal that finds these verdicts."""

    def __init__(self, found: list[dict[str, object]]) -> None:
        self.found = found

    def verdicts(self, *_: object) -> dict[str, object]:
        return {"streams": self.found}


def _stake(stream: int, count: int, *, committed: bool) -> dict[str, object]:
    rule = {"rule": "missing", "count": count, "stake": "1200", "estimated": "0"}
    empty: dict[str, object] = {key: [] for key in ("open", "flags", "flagsByRule")}
    return empty | {"stream": stream, "committed": committed, "stake": "1200", "byRule": [rule]}


def test_money_at_stake_is_shown_by_stream_and_rule() -> None:
    books, metrics = (
        _Verdicts([_stake(3, 1, committed=False), _stake(4, 4, committed=True)]),
        Metrics(),
    )
    gauge = StakeGauge(books, metrics)  # type: ignore[arg-type]
    gauge()
    labels = {"stream": "3", "rule": "missing"}
    assert _metric(metrics, "stake_minor_units", **labels) == 1200
    # Of a handful of households' readings the money is not told.
    assert _metric(metrics, "stake_minor_units", stream="4", rule="missing") == 0
    books.found = []
    gauge()
    assert _metric(metrics, "stake_minor_units", **labels) == 0


def test_the_duration_of_quorums_is_measured(team: Team) -> None:
    team.deliver(1)
    team.end_of(1)
    member = team.members[0]
    member.proposer._metrics = member.metrics
    member.worker.run_once()
    assert member.metric("quorum_seconds_count", kind="batch", outcome="reached") == 1
    assert member.metric("chain_head_age_seconds") >= 0


def _metric(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"usufruct_oracle_{name}", labels) or 0.0


# --- Draining ---


def test_what_does_not_drain_in_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    monkeypatch.setattr(process.os, "_exit", end)
    stop = threading.Event()
    with process._stopped_by_signals(stop, 0.05):
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        assert ended.wait(5)
    assert codes == [75]


def test_what_drains_in_time_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.os, "_exit", lambda _: pytest.fail("ended"))
    stop = threading.Event()
    with process._stopped_by_signals(stop, 30):
        signal.raise_signal(signal.SIGTERM)
    assert stop.is_set()


# --- Rotation ---


def test_a_rotation_changes_one_place_and_keeps_the_order() -> None:
    old, new = dev_address(5), dev_address(9)
    found = plan_rotation(TABLE, old, new)
    assert found.table == tuple(sorted((dev_address(4), dev_address(6), new), key=str.lower))
    assert (found.threshold, found.epoch) == (2, 8)
    told = "\n".join(steps(found, "0xTO", 172_800, "/k.json", 'password_env = "P"'))
    assert found.schedule().data.hex() in told
    assert 'next_key = { keystore = "/k.json", password_env = "P" }' in told
    assert "After 172800 s" in told


@pytest.mark.parametrize(
    ("old", "new"), [(dev_address(9), dev_address(10)), (dev_address(4), dev_address(5))]
)
def test_a_rotation_that_cannot_be_is_refused(old: str, new: str) -> None:
    with pytest.raises(ConfigError, match="cannot be changed"):
        plan_rotation(TABLE, old, new)


# --- Commands ---


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    return write(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def test_proofs_are_listed_written_verified_and_released(
    team: Team, config: Path, tmp_path: Path
) -> None:
    team.deliver(1)
    team.end_of(1)
    member, liar = team.members[0], team.members[1]
    database = Database(load_worker_config(config).journal)
    member.witness._sightings = Sightings(database)
    for batch in (next_batch(member), other(next_batch(member))):
        show(member, batch, liar.key)
    out = tmp_path / "proofs"
    listed = run("equivocation", "list", "--config", str(config), "--out", str(out))
    assert "BARRED" in listed.output
    verified = run("equivocation", "verify", str(out / "equivocation-1.json"))
    assert verified.exit_code == 0
    assert f"{liar.desk.address} signed two different messages for batch 3/1/" in verified.output
    reason = ["--reason", "agreed with the operator"]
    address = liar.desk.address
    released = run("equivocation", "release", address, "--config", str(config), *reason)
    assert "1 proofs" in released.output
    assert (
        "nothing bars"
        in run("equivocation", "release", address, "--config", str(config), *reason).output
    )
    assert (
        "released: agreed with the operator"
        in run("equivocation", "list", "--config", str(config)).output
    )
    database.close()


def test_nothing_to_list_is_said(config: Path) -> None:
    assert "no signer is known" in run("equivocation", "list", "--config", str(config)).output


def test_a_proof_that_does_not_hold_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    given = proof()
    file.write_bytes(canonical_json(given | {"one": given["other"]}))
    assert isinstance(run("equivocation", "verify", str(file)).exception, EvidenceError)
    file.write_text("{}")
    assert isinstance(run("equivocation", "verify", str(file)).exception, InputError)
    assert isinstance(run("equivocation", "verify", str(tmp_path / "none")).exception, InputError)


@pytest.mark.parametrize("options", [[], ["--password-env", "A", "--password-file", "b"]])
def test_a_rotation_needs_one_password(config: Path, tmp_path: Path, options: list[str]) -> None:
    found = run("rotate-key", "--config", str(config), "--out", str(tmp_path / "k"), *options)
    assert isinstance(found.exception, InputError)
    assert not (tmp_path / "k").exists()


def test_a_password_that_is_not_set_is_named(config: Path, tmp_path: Path) -> None:
    options = ["--config", str(config), "--out", str(tmp_path / "k")]
    found = run("rotate-key", *options, "--password-env", "NOT_SET_ANYWHERE")
    assert isinstance(found.exception, ConfigError)
    assert "NOT_SET_ANYWHERE" in found.exception.one_line()


# --- Configuration of all this ---


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("http://127.0.0.1:7002/", "http://beta.example:7002", "worker.peers[0].url"),
        ("http://127.0.0.1:7002/", "http://10.0.0.2:7002", "worker.peers[0].url"),
        ('7002/"', '7002/"\ncert = "beta.crt"', "worker.peers[0].cert"),
        ("[[worker", 'ops = "0.0.0.0:9101"\n[[worker', "worker.ops"),
        ("[[worker", 'drain = "0s"\n[[worker', "worker.drain"),
        ("[[worker", 'tls = { cert = "a" }\n[[worker', "worker.tls.key"),
        ("[[worker", 'tls = { cert = "a", x = 1 }\n[[worker', "worker.tls.x"),
        ("[[worker", 'next_key = "0x12"\n[[worker', "worker.next_key"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, field: str
) -> None:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_worker_config(path)
    assert caught.value.field == field


def test_all_of_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    more = """exchange = "postgresql://u:hidden@db/site"
next_key = { keystore = "next.json", password_file = "next.password" }
tls = { cert = "a.crt", key = "a.key", ca = "ca.crt" }
ops = "[::1]:9101"
drain = "5s"
max_head_age = "0s"

[[worker"""
    text = GOOD.replace("[[worker", more, 1)
    text = text.replace(
        "http://127.0.0.1:7002/", 'http://beta.example:7002"\nplain = true\nname = "beta'
    )
    text = text.replace('name = "beta"\nurl', "url", 1)
    found = load_worker_config(write(tmp_path, text))
    assert found.exchange == "postgresql+psycopg://u:hidden@db/site"
    assert "hidden" not in repr(found)
    assert found.next_key == {
        "keystore": str(tmp_path / "next.json"),
        "password_file": str(tmp_path / "next.password"),
    }
    assert found.tls is not None
    assert found.tls.ca == tmp_path / "ca.crt"
    assert (found.ops, found.drain, found.max_head_age) == (("::1", 9101), 5.0, 0)
    assert found.peers[0].url == "http://beta.example:7002"


def test_secrets_may_lie_in_the_units_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GOOD.replace(
        "key = { dev = 4 }",
        'key = { keystore = "$CREDENTIALS_DIRECTORY/keystore", '
        'password_file = "$CREDENTIALS_DIRECTORY/password" }',
    )
    monkeypatch.setenv("WORKER_SECRET", SECRET)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, text))
    assert caught.value.field == "worker.key"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/unit")
    assert load_worker_config(write(tmp_path, text)).key == {
        "keystore": "/run/credentials/unit/keystore",
        "password_file": "/run/credentials/unit/password",
    }


# --- The status for people, and the units ---


def test_the_status_says_who_is_barred_and_what_differs() -> None:
    found: dict[str, object] = {
        "name": "alpha",
        "address": "0xA",
        "chainTime": 1_790_000_000,
        "signers": {"table": ["a", "b", "c"], "threshold": 2, "epoch": 3, "member": False},
        "error": "3: ChainError: stalls",
        "barred": ["0xbad"],
        "streams": [
            {
                "code": "WATER",
                "recorded": 1,
                "anchored": 2,
                "to": None,
                "attested": {"1": 2},
                "settled": [1],
                "waiting": {"batch": {"held": True, "code": "coverage", "reason": "93%"}},
            }
        ],
        "alerts": [
            {"at": 1, "stream": 3, "kind": "equivocation", "who": "0xbad", "place": "batch 3/1/0x"},
            {"at": 2, "stream": 3, "kind": "anchored", "who": "chain"},
        ],
    }
    assert cli._lines(found) == [
        "alpha 0xA  chain time 2026-09-21 14:13:20 UTC",
        "NO SIGNER, it only watches; 2 of 3 sign, epoch 3",
        "error: 3: ChainError: stalls",
        "BARRED 0xbad: see `usufruct-oracle equivocation list`",
        "WATER: 1 of 2 anchored batches confirmed, attested periods: 1 (v2)",
        "  anchored up to nothing yet, settled: 1",
        "  batch: HELD coverage: 93%",
        "ALERT 1970-01-01 00:00:01 UTC stream 3: 0xbad signed two things for batch 3/1/0x",
        "ALERT 1970-01-01 00:00:02 UTC stream 3: anchored differs from chain",
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_units_are_valid_and_hardened(tmp_path: Path) -> None:
    folder = ROOT / "docs" / "operations"
    units = sorted(path for path in folder.iterdir() if path.suffix in {".service", ".timer"})
    assert len(units) == 3
    for unit in units:
        text = unit.read_text().replace("/opt/usufruct/bin/usufruct-oracle", sys.executable)
        (tmp_path / unit.name).write_text(text)
    names = [unit.name.replace("@", "@alpha") for unit in units]
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],  # noqa: S607  # found by skipif
        cwd=tmp_path,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    service = (folder / "usufruct-oracle@.service").read_text()
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "LimitCORE=0"):
        assert line in service.splitlines()
    assert "LoadCredential=keystore:" in service


def test_the_runbooks_configuration_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runbook = (ROOT / "docs" / "operations" / "oracle.md").read_text()
    text = runbook.split("```toml\n")[1].split("```")[0]
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "privacy-secret").write_text(SECRET)
    found = load_worker_config(write(tmp_path, text))
    assert found.ops == ("127.0.0.1", 9101)
    assert found.key["keystore"] == str(tmp_path / "keystore")
    assert found.peers[0].cert == Path("/etc/usufruct/beta.crt")
