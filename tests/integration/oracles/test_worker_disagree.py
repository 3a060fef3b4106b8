"""A worker with other readings: it signs nothing it has not computed, and stops where it is outvoted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.oracles.village import (
    EV,
    SECRET,
    VPP,
    WATER,
    Process,
    Village,
    village,
    wait_until,
)
from tests.support.communities import MONTH
from typer.testing import CliRunner

from usufruct.core.signing import sign_record
from usufruct.keys import dev_address, dev_meter_key
from usufruct_oracles import cli
from usufruct_oracles.journal.database import Database
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.records import Signed, record_payload, signatures_bytes
from usufruct_oracles.sources.writing import drop

pytestmark = pytest.mark.chain

WRONG_DAY = f"{MONTH}-02"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


def other_inbox(place: Village) -> Path:
    """A drop folder in which one reading of the water meter, validly signed, is another.

    Its record is the longer one, which comes first: the right one that is lent does not put it right.
    """
    inbox = place.folder / "other-inbox"
    shutil.copytree(place.inbox, inbox)
    lines = (inbox / "WATER" / f"{WRONG_DAY}.csv").read_text().splitlines()
    columns = lines[2].split(",")
    columns[3] = "7.70000000"
    lines[2] = ",".join(columns)
    payload = record_payload("WATER", columns[0], WRONG_DAY, lines[1:])
    key = dev_meter_key(columns[0])
    signed = Signed(columns[0], "device-p256", sign_record("device-p256", key, payload))
    csv = "".join(f"{line}\n" for line in lines).encode()
    drop(
        SourceFile("test", "WATER", WRONG_DAY, csv, signatures_bytes("WATER", WRONG_DAY, [signed])),
        inbox,
    )
    return inbox


def stream_of(worker: Process, stream: int) -> dict[str, Any]:
    found: list[dict[str, Any]] = worker.get("/v1/status").json()["streams"]
    return next(each for each in found if each["stream"] == stream)


def anchored(worker: Process) -> list[int]:
    return [stream_of(worker, each)["anchored"] for each in (WATER, EV, VPP)]


def signed_places(worker: Process) -> set[str]:
    database = Database(worker.folder / "journal.sqlite")
    try:
        return {str(place) for place, _ in Pledges(database, dev_address(4 + worker.index)).all()}
    finally:
        database.close()


def test_two_alike_outvote_the_third_and_without_them_nothing_is_anchored(
    place: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, beta, gamma = place.workers
    alpha.write_config()
    beta.write_config()
    gamma.write_config(inbox=str(other_inbox(place)))
    for worker in place.workers:
        worker.start()
    for worker in place.workers:
        wait_until(worker.name, worker.is_up)

    place.move_to(place.end_of(2))
    wait_until("two days", lambda: anchored(alpha) == [2, 2, 2])
    wait_until("gamma to object", lambda: stream_of(gamma, WATER)["held"])
    state = stream_of(gamma, WATER)
    assert (state["recorded"], state["waiting"]["batch"]["code"]) == (1, "halted")
    kinds = {alert["kind"] for alert in gamma.get("/v1/status").json()["alerts"]}
    assert "anchored" in kinds
    assert not any(each.startswith("batch 1/2/") for each in signed_places(gamma))
    wait_until("the other streams", lambda: stream_of(gamma, VPP)["recorded"] == 2)
    assert not stream_of(gamma, VPP)["held"]

    beta.kill()
    place.move_to(place.end_of(3))
    wait_until("the other streams", lambda: anchored(alpha)[1:] == [3, 3])

    def told() -> str:
        return str(stream_of(alpha, WATER)["waiting"]["batch"]["reason"])

    wait_until(
        "alpha to find no quorum",
        lambda: "0 of 2 signatures" in (said := told()) and "gamma: halted" in said,
    )
    assert anchored(alpha) == [2, 3, 3]

    # Gamma's operator finds the record that the alert names, and takes it out. Alpha has lent the right one.
    monkeypatch.setenv("VILLAGE_SECRET", SECRET)
    config = ["--config", str(gamma.folder / "worker.toml")]

    def listed() -> list[str]:
        found = CliRunner().invoke(cli.app, ["records", "WATER", WRONG_DAY, *config])
        return found.output.splitlines()

    wait_until("alpha to lend its record", lambda: len(listed()) == 2)
    digest = listed()[0].split()[0]
    reason = ["--reason", "the logger was misread"]
    done = CliRunner().invoke(cli.app, ["retract", digest, *reason, *config])
    assert "1 reading counts no more, 1 other record was judged again" in done.output
    wait_until("gamma with the right record", lambda: anchored(alpha) == [3, 3, 3])
    assert not stream_of(gamma, WATER)["held"]
    assert "RETRACTED: the logger was misread" in listed()[0]

    # After a restart the wrong file still lies in gamma's folder, and still does not count.
    gamma.stop()
    gamma.start()
    wait_until("gamma", gamma.is_up)
    place.move_to(place.end_of(4))
    wait_until("the fourth day", lambda: anchored(alpha) == [4, 4, 4])
