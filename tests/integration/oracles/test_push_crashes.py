"""kill -9 of the push listener: what was answered with 202 is there, and what was not can be sent again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.unit.oracles.ocmf_kit import of_meter

from usufruct.chain import crash
from usufruct_oracles.sources.push.inbox import Inbox
from usufruct_oracles.sources.push.tokens import new_token, token_hash

ROOT = Path(__file__).resolve().parents[3]
CHILD = Path(__file__).with_name("push_child.py")
TOKEN = new_token()
BODY = json.dumps(
    {"messages": [{"meter": "charger-01", "form": "ocmf/1", "text": of_meter()}]}
).encode()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "tokens.toml").write_text(
        f'[[token]]\nname = "hub"\nsha256 = "{token_hash(TOKEN)}"\nmeters = ["charger-*"]\n'
    )
    path = tmp_path / "worker.toml"
    path.write_text(
        f'[[source]]\nkind = "push"\nlisten = "127.0.0.1:{port}"\n'
        'inbox = "inbox.sqlite"\ntokens = "tokens.toml"\n'
    )
    return path


@contextmanager
def serving(config: Path, crash_at: str = "") -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The listener in a process, and the address of its endpoint."""
    environment = {**os.environ, crash.VARIABLE: crash_at}
    environment["PYTHONPATH"] = f"{ROOT / 'platform'}:{ROOT / 'oracles'}"
    command = [sys.executable, str(CHILD), str(config), str(ROOT / "examples" / "community.toml")]
    child = subprocess.Popen(command, env=environment)
    port = int(config.read_text().partition("127.0.0.1:")[2].partition('"')[0])
    try:
        _await(port, child)
        yield child, f"http://127.0.0.1:{port}/v1/messages"
    finally:
        child.kill()
        child.wait(10)


def _await(port: int, child: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert child.poll() is None
            time.sleep(0.1)
        else:
            return
    pytest.fail("the listener does not come up")


def post(url: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": "k1"}
    headers["Content-Type"] = "application/json"
    return httpx.post(url, content=BODY, headers=headers, timeout=20, trust_env=False)


def kept(config: Path) -> list[bytes]:
    inbox = Inbox(config.with_name("inbox.sqlite"), 9, 9)
    found = [each.delivery.raw for each in inbox.waiting()]
    inbox.close()
    return found


def test_a_kill_after_202_loses_nothing(config: Path) -> None:
    with serving(config) as (child, url):
        assert post(url).status_code == 202
        child.kill()
    assert kept(config) == [of_meter().encode()]


@pytest.mark.parametrize(("place", "left"), [("inbox.before_commit", 0), ("inbox.stored", 1)])
def test_a_request_that_was_cut_off_is_sent_again_and_kept_once(
    config: Path, place: str, left: int
) -> None:
    with serving(config, place) as (child, url):
        with pytest.raises(httpx.TransportError):
            post(url)
        assert child.wait(10) == -9
    assert len(kept(config)) == left
    with serving(config) as (_, url):
        assert post(url).status_code == 202
    assert len(kept(config)) == 1
