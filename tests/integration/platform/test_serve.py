"""`usufruct serve` as a process, and the commands that talk to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.integration.oracles.village import free_port
from tests.integration.platform.kit import HOLDERS, MEGA, Kit
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.errors import ChainError, ConfigError, InputError
from usufruct.index.indexer import Indexer
from usufruct.ledger.database import Database
from usufruct.ledger.models import payout

_PATIENCE = 90.0
_MAIN = "import sys; from usufruct.cli import main; sys.argv[0] = 'usufruct'; main()"


class Server:
    """A running `usufruct serve`."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.url = self._address()

    def _address(self) -> str:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            if found := re.search(r"http://127\.0\.0\.1:\d+", self._listening()):
                return found.group()
            time.sleep(0.05)
        raise RuntimeError(self.log.read_text())

    def _listening(self) -> str:
        return "".join(line for line in self.log.read_text().splitlines() if "listening" in line)

    def await_block(self, number: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            answer = httpx.get(f"{self.url}/ready")
            if answer.status_code == 200 and answer.json()["indexed_block"] >= number:
                return
            time.sleep(0.05)
        raise RuntimeError(self.log.read_text())


@contextmanager
def serving(kit: Kit, folder: Path, record: Path, *more: str) -> Iterator[Server]:
    log = folder / "serve.log"
    arguments = ["--rpc", kit.anvil.url, "--deployment", str(record), "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, "serve", *arguments, "--poll-seconds", "0.05", *more],
            cwd=folder,
            stderr=output,
            text=True,
            env={**os.environ, "USUFRUCT_LOG_JSON": "true"},
        )
    try:
        yield Server(process, log)
    finally:
        process.kill()
        process.wait()


def run(*arguments: str) -> str:
    """The output of a command that ends well."""
    result = CliRunner().invoke(build(arguments[0]), arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_follows_the_chain_answers_and_ends_on_sigterm(
    kit: Kit, tmp_path: Path, record: Path
) -> None:
    kit.settle(900 * MEGA, 1)
    with serving(kit, tmp_path, record) as server:
        server.await_block(kit.client.block_number())
        kit.claim("SR", HOLDERS[1])
        server.await_block(kit.client.block_number())
        table = run("payouts", HOLDERS[1], "--api", server.url)
        assert "LVPPS" in table
        assert "paid     270.000000 USDX" in table
        found = json.loads(run("payouts", HOLDERS[1], "--api", server.url, "--json"))
        ledger = f"sqlite:///{tmp_path}/state/ledger.db"
        assert json.loads(run("payouts", HOLDERS[1], "--db", ledger, "--json")) == found
        with pytest.raises(InputError, match="checksum"):
            run("payouts", "0x70997970c51812dc3A010C7d01b50e0d17dc79C8", "--api", server.url)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(_PATIENCE) == 0
    events = [json.loads(line)["event"] for line in server.log.read_text().splitlines()]
    assert events[-1] == "stopped"
    assert "stopping" not in events
    check = ("--rpc", kit.anvil.url, "--deployment", str(record), "--database", ledger)
    assert "2 series, 6 accounts, 1 streams, 0 offerings: no difference" in run("reconcile", *check)
    assert json.loads(run("reconcile", *check, "--json"))["differences"] == []


@dataclass
class Asking:
    """Asks for payouts until nobody listens any more; `failure` is an answer that was wrong or cut off."""

    answered: int = 0
    failure: str = ""

    def run(self, url: str) -> None:
        with httpx.Client() as http:
            while not self.failure:
                try:
                    answer = http.get(f"{url}/v1/wallets/{HOLDERS[0]}/payouts")
                except httpx.HTTPError as error:
                    # A request that met the end of its idle connection was never taken in.
                    if "complete message" in str(error):
                        self.failure = str(error)
                    return
                if answer.status_code != 200 or not answer.json()["data"]:
                    self.failure = answer.text
                self.answered += 1


def test_a_stop_under_load_answers_what_is_under_way_and_ends_streams(
    kit: Kit, tmp_path: Path, record: Path
) -> None:
    kit.settle(900 * MEGA, 1)
    asking = [Asking() for _ in range(4)]
    streamed: list[str] = []

    def listen(url: str) -> None:
        headers = {"accept": "text/event-stream"}
        with httpx.stream("GET", f"{url}/v1/events", headers=headers, timeout=60) as answer:
            streamed.append("".join(answer.iter_text()))  # raises if the stream is cut off

    with serving(kit, tmp_path, record) as server:
        server.await_block(kit.client.block_number())
        threads = [threading.Thread(target=each.run, args=(server.url,)) for each in asking]
        threads += [threading.Thread(target=listen, args=(server.url,)) for _ in range(3)]
        for each in threads:
            each.start()
        deadline = time.monotonic() + _PATIENCE
        while sum(each.answered for each in asking) < 50 and time.monotonic() < deadline:
            time.sleep(0.05)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(_PATIENCE) == 0
        ended = time.monotonic() - began
        for each in threads:
            each.join(_PATIENCE)
    assert [each.failure for each in asking if each.failure] == []
    assert sum(each.answered for each in asking) >= 50
    assert len(streamed) == 3
    assert all(each.startswith("retry: 2000") for each in streamed)
    assert ended < 8, "it waited for streams until its grace was over"
    log = server.log.read_text()
    assert "Traceback" not in log
    assert not any(json.loads(line)["level"] in ("error", "critical") for line in log.splitlines())


def test_it_ends_with_one_line_when_it_cannot_go_on(kit: Kit, tmp_path: Path, record: Path) -> None:
    with serving(kit, tmp_path, record) as server:
        server.await_block(kit.client.block_number())
    database = Database(f"sqlite:///{tmp_path}/state/ledger.db")
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '1' WHERE key = 'chain_id'")
    database.dispose()
    with serving(kit, tmp_path, record) as server:
        assert server.process.wait(_PATIENCE) == 2
    last = server.log.read_text().splitlines()[-1]
    assert last.startswith("chain_id=31337: the ledger was built for 1; name another database")


def test_metrics_are_told_at_the_operations_port_and_nowhere_else(
    kit: Kit, tmp_path: Path, record: Path
) -> None:
    ops = f"127.0.0.1:{free_port()}"
    with serving(kit, tmp_path, record, "--ops", ops) as server:
        server.await_block(kit.client.block_number())
        found = httpx.get(f"http://{ops}/metrics")
        assert found.headers["content-type"].startswith("text/plain; version=")
        assert f"usufruct_index_block {float(kit.client.block_number())}" in found.text
        assert 'usufruct_api_requests_total{method="GET",route="/ready",status="200"}' in found.text
        for path in ("/v1/series", "/", "/docs", "/openapi.json"):
            assert httpx.get(f"http://{ops}{path}").status_code == 404
        assert httpx.get(f"{server.url}/metrics").status_code == 404


def test_one_process_counts_the_requests_of_an_address_whatever_the_environment_asks_for(
    kit: Kit, tmp_path: Path, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")  # what makes other servers several processes
    monkeypatch.setenv("USUFRUCT_REQUESTS_PER_SECOND", "1")
    with serving(kit, tmp_path, record) as server:
        statuses = [httpx.get(f"{server.url}/health").status_code for _ in range(60)]
        pid = server.process.pid
        assert Path(f"/proc/{pid}/task/{pid}/children").read_text() == ""
    first = statuses.index(429)
    assert set(statuses[:first]) == {200}
    assert statuses[first:].count(200) < 10  # more would be another count beside this one


def test_reconcile_fails_where_something_differs(
    kit: Kit, ledger: Database, record: Path, follow: Callable[..., Indexer]
) -> None:
    kit.settle(900 * MEGA, 1)
    follow(ledger).catch_up()
    with ledger.write() as connection:
        connection.execute(payout.delete().where(payout.c.wallet == 1))
    arguments = ["reconcile", "--rpc", kit.anvil.url, "--deployment", str(record)]
    result = CliRunner().invoke(build("reconcile"), [*arguments, "--database", str(ledger.url)])
    assert result.exit_code == 1
    assert f"DIFFERENT LVPPS {HOLDERS[0]} payouts: the ledger has 0" in result.output


def test_the_reports_refuse_what_they_cannot_read(tmp_path: Path) -> None:
    wallet = HOLDERS[0]
    with pytest.raises(ConfigError, match="two sources"):
        run("payouts", wallet, "--api", "http://x", "--db", "sqlite:///x.db")
    with pytest.raises(ConfigError, match="no ledger"):
        run("payouts", wallet, "--db", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(ChainError, match=r"no answer from http://127\.0\.0\.1:9"):
        run("payouts", wallet, "--api", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="not an address"):
        run("payouts", "adam")


def test_a_node_of_another_chain_is_refused(kit: Kit, record: Path, tmp_path: Path) -> None:
    document = json.loads(record.read_text())
    record.write_text(json.dumps({**document, "chain_id": 1}))
    arguments = ("--rpc", kit.anvil.url, "--deployment", str(record))
    with pytest.raises(ConfigError, match="another chain"):
        run("reconcile", *arguments, "--database", f"sqlite:///{tmp_path}/l.db")


def test_fund_and_keep_from_the_command_line(
    kit: Kit, ledger: Database, record: Path, tmp_path: Path, follow: Callable[..., Indexer]
) -> None:
    kit.attest(900 * MEGA, 1)
    kit.finish()
    indexer = follow(ledger)
    indexer.catch_up()
    common = (
        "--rpc",
        kit.anvil.url,
        "--deployment",
        str(record),
        "--outbox",
        str(tmp_path / "o.db"),
    )
    funded = json.loads(run("fund", "VPP", "--required", "--key", "dev:8", *common, "--json"))
    assert (funded["kind"], funded["amount"]) == ("funded", "1050000000")
    more = run("fund", "1", "2.5", "--reference", "gift", "--key", "dev:8", *common)
    assert more == "funded    VPP: 2.500000 USDX brought into escrow\n"
    with pytest.raises(ConfigError, match="--reference"):
        run("fund", "1", "2.5", "--key", "dev:8", *common)
    for wrong, reason in (
        ((), "not clear"),
        (("1.5", "--required"), "not clear"),
        (("1.2345678",), "too many decimal places"),
        (("1e6",), "not a plain decimal"),
    ):
        with pytest.raises((ConfigError, InputError), match=reason):
            run("fund", "VPP", *wrong, "--reference", "r", "--key", "dev:8", *common)
    indexer.catch_up()
    options = ("--once", "--key", "dev:3", *common, "--database", str(ledger.url), "--json")
    lines = [json.loads(line) for line in _kept(options, indexer)]
    assert [line["kind"] for line in lines if line["kind"] != "late"] == ["settled", "paid", "paid"]


def _kept(options: tuple[str, ...], indexer: Indexer) -> list[str]:
    stop = threading.Event()

    def follow_on() -> None:
        while not stop.is_set():
            indexer.step()
            stop.wait(0.05)

    thread = threading.Thread(target=follow_on)
    thread.start()
    try:
        return run("keep", *options).splitlines()
    finally:
        stop.set()
        thread.join()
