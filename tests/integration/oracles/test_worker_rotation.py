"""A signer's key changes in the middle of a month: the worker goes on, and what the old key signed stays valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.integration.oracles.village import (
    SECRET,
    WATER,
    Village,
    start_workers,
    village,
    wait_until,
)
from typer.testing import CliRunner

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.signing import recover, unpack_signatures
from usufruct.core.typed_data import Domain, batch_digest
from usufruct.keys import dev_account, dev_address, load_key
from usufruct_oracles import cli
from usufruct_oracles.calldata import batch_signatures, split
from usufruct_oracles.wire import batch_from

pytestmark = pytest.mark.chain

PASSWORD = "a long password that nobody types"
TURN = 10
"""Day after which the table changes."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


def status(place: Village, index: int) -> dict[str, Any]:
    found: dict[str, Any] = place.workers[index].get("/v1/status").json()
    return found


def anchored(place: Village, index: int) -> list[int]:
    return [stream["recorded"] for stream in status(place, index)["streams"]]


def send(place: Village, account: int, data: bytes) -> None:
    where = place.deployment.address("TelemetryAnchor")
    with Outbox(place.folder / f"admin-{account}.sqlite") as outbox:
        Sender(place.client, dev_account(account), outbox).submit(data.hex(), where, data)


def signers_of(place: Village, seq: int) -> set[str]:
    """Who signed a batch of WATER, by the call data of its transaction."""
    where = place.deployment.address("TelemetryAnchor")
    found = place.workers[0].get(f"/v1/batches/{WATER}/{seq}").json()
    data = place.client.rpc("eth_getTransactionByHash", found["tx"])["input"]
    batch = batch_from(found["batch"])
    digest = batch_digest(Domain(31337, where), batch)
    return {
        recover(digest, each).lower()
        for each in split(batch_signatures(bytes.fromhex(data[2:]), batch))
    }


@dataclass(frozen=True)
class Made:
    """What `rotate-key` made and said."""

    keystore: Path
    said: str
    key: bytes
    address: str

    @property
    def data(self) -> bytes:
        """The oracle admin's call."""
        return bytes.fromhex(self.said.split("data  0x")[1].split()[0])


def rotate(place: Village, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The operator of alpha makes a new key. It is shown to nobody."""
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    monkeypatch.setenv("NEW_PASSWORD", PASSWORD)
    folder = place.workers[0].folder
    keystore = folder / "next.json"
    options = ["--config", str(folder / "worker.toml"), "--out", str(keystore)]
    command = ["rotate-key", *options, "--password-env", "NEW_PASSWORD"]
    made = CliRunner().invoke(cli.app, command)
    assert made.exit_code == 0, made.output
    spec = {"keystore": str(keystore), "password_env": "NEW_PASSWORD"}
    key = load_key(spec, chain_id=31337)
    for text in (made.output, keystore.read_text()):
        assert key.hex() not in text
        assert PASSWORD not in text
    stored = json.loads(keystore.read_text())
    assert (keystore.stat().st_mode & 0o777, stored["version"]) == (0o600, 3)
    again = CliRunner().invoke(cli.app, command)
    assert "cannot be written" in str(again.exception)
    return Made(keystore, made.output, key, "0x" + stored["address"].lower())


def restart_with(place: Village, made: Made) -> None:
    """Alpha gets both keys, the new one with its password in a file."""
    alpha = place.workers[0]
    place.anvil.rpc("anvil_setBalance", made.address, hex(10**18))
    password = alpha.folder / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    alpha.stop()
    alpha.write_config(next_key=f'{{ keystore = "{made.keystore}", password_file = "{password}" }}')
    alpha.start()
    wait_until("alpha", alpha.is_up)


def test_a_key_is_rotated_in_the_middle_of_a_month(
    place: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, beta, _ = start_workers(place)
    place.move_to(place.end_of(TURN))
    wait_until("ten days", lambda: anchored(place, 0) == [TURN] * 3)
    made = rotate(place, monkeypatch)
    restart_with(place, made)
    assert status(place, 0)["address"] == dev_address(4)

    # The table changes in public, two days later.
    send(place, 7, made.data)
    place.move_to(place.end_of(TURN + 2) + 3_600)
    wait_until("two more days", lambda: anchored(place, 0) == [TURN + 2] * 3)
    assert status(place, 0)["address"] == dev_address(4)
    send(place, 8, anchor.activate_signers().data)
    wait_until("alpha to change keys", lambda: _address(place, 0) == made.address, 30)
    signers = status(place, 0)["signers"]
    assert (signers["epoch"], signers["member"]) == (2, True)

    # Two of three, and one of the two is alpha with its new key.
    beta.kill()
    place.move_to(place.end_of(28))
    wait_until("the statement", lambda: _stated(place), 120)
    found = alpha.get(f"/v1/statements/{WATER}/1/1").json()
    signatures = bytes.fromhex(found["signatures"][2:])
    by = unpack_signatures(signers["table"], int(found["signers"]), signatures)
    now = {made.address.lower(), dev_address(6).lower()}
    assert {each.lower() for each in by} == now
    assert signers_of(place, 20) == now

    # What was signed before still recovers to who signed it.
    before = {dev_address(number).lower() for number in (4, 5, 6)}
    assert len(signers_of(place, TURN) & before) == 2
    assert '"event": "key changes"' in alpha.log
    for worker in place.workers:
        assert made.key.hex() not in worker.log
        assert PASSWORD not in worker.log


def _stated(place: Village) -> bool:
    return place.workers[0].get(f"/v1/statements/{WATER}/1/1").status_code == 200


def _address(place: Village, index: int) -> str:
    if not place.workers[index].is_up():
        return ""
    return str(status(place, index)["address"]).lower()
