"""MQTT at a real broker: acknowledged after the commit alone, nothing lost and nothing double."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.sources.mqtt_kit import (
    RULE,
    Store,
    pass_by,
    payload,
    publish,
    raws,
    readings,
    source,
    until,
)
from tests.support.broker import RunningBroker, running_broker
from tests.unit.oracles_sources.sparkplug_kit import birth, data

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    with running_broker(tmp_path / "broker") as found:
        yield found


@pytest.mark.parametrize("version", [4, 5])
def test_readings_come_once_and_are_acknowledged_after_they_are_stored(
    broker: RunningBroker, tmp_path: Path, version: int
) -> None:
    found, store = source(broker.port, tmp_path, version=version), Store()
    found.start()
    try:
        until(lambda: found.connected)
        publish(broker.port, readings(range(30)))
        until(lambda: found.waiting >= 10)
        until(lambda: len(store.records) == 30, lambda: store.take(found))
        assert raws(store.records) == {payload(each) for each in range(30)}
    finally:
        found.close()
    pass_by(broker.port)  # the acknowledgements are read
    again = source(broker.port, tmp_path, version=version)
    again.start()
    try:
        until(lambda: again.connected)
        publish(broker.port, readings([30]))
        until(lambda: again.waiting > 0)
        (only,) = again.poll()
        assert raws({only.digest: only}) == {payload(30)}
    finally:
        again.close()


def test_what_was_not_stored_is_delivered_again_to_the_next_worker(
    broker: RunningBroker, tmp_path: Path
) -> None:
    first, store = source(broker.port, tmp_path), Store()
    first.start()
    until(lambda: first.connected)
    publish(broker.port, readings(range(10)))
    until(lambda: first.waiting == 10)
    first.close()
    publish(broker.port, readings(range(10, 15)))
    second = source(broker.port, tmp_path)
    second.start()
    try:
        until(lambda: len(store.records) == 15, lambda: store.take(second))
        assert set(store.offered.values()) == {1}
    finally:
        second.close()


_WORKER = """
import sys, time
from pathlib import Path
from tests.integration.sources.mqtt_kit import source
found = source(int(sys.argv[1]), Path(sys.argv[2]))
found.start()
while found.waiting < int(sys.argv[3]):
    time.sleep(0.02)
print("received", flush=True)
time.sleep(60)
"""


def test_a_worker_killed_between_receipt_and_commit_loses_and_doubles_nothing(
    broker: RunningBroker, tmp_path: Path
) -> None:
    publish(broker.port, [])
    opening = source(broker.port, tmp_path)
    opening.start()
    until(lambda: opening.connected)
    opening.close()
    publish(broker.port, readings(range(12)))
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(broker.port), str(tmp_path), "12"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/platform:{ROOT}/oracles"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert b"received\n" in iter(worker.stdout.readline, b"")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    store, second = Store(), source(broker.port, tmp_path)
    second.start()
    try:
        until(lambda: len(store.records) == 12, lambda: store.take(second))
        assert raws(store.records) == {payload(each) for each in range(12)}
    finally:
        second.close()


def test_a_broker_killed_in_the_middle_loses_and_doubles_nothing(
    broker: RunningBroker, tmp_path: Path
) -> None:
    found, store = source(broker.port, tmp_path), Store()
    found.start()
    try:
        until(lambda: found.connected)
        publish(broker.port, readings(range(10)))
        until(lambda: found.waiting == 10)
        until(lambda: broker.has_saved("alpha"))
        broker.kill()
        until(lambda: not found.connected)
        store.take(found)
        broker.start()
        until(lambda: found.connected)
        publish(broker.port, readings(range(10, 20)))
        until(lambda: len(store.records) == 20, lambda: store.take(found))
        publish(broker.port, readings([20]))
        until(lambda: len(store.records) > 20, lambda: store.take(found))
        assert raws(store.records) == {payload(each) for each in range(21)}
        assert found.waiting == 0
    finally:
        found.close()


def test_a_full_source_lets_the_broker_keep_the_rest(broker: RunningBroker, tmp_path: Path) -> None:
    found, store = source(broker.port, tmp_path, capacity=8), Store()
    found.start()
    try:
        until(lambda: found.connected)
        publish(broker.port, readings(range(60)))
        until(lambda: found.waiting >= 8)
        pass_by(broker.port)
        assert found.waiting == 8
        assert found.connected
        until(lambda: len(store.records) == 60, lambda: store.take(found))
        assert raws(store.records) == {payload(each) for each in range(60)}
    finally:
        found.close()


def test_a_topic_without_a_meter_goes_to_the_journal_unsigned(
    broker: RunningBroker, tmp_path: Path
) -> None:
    found = source(broker.port, tmp_path)
    found.start()
    try:
        until(lambda: found.connected)
        publish(broker.port, [("site/b/energy", payload(1))])
        until(lambda: found.waiting == 1)
        (only,) = found.poll()
        assert (only.meter, only.scheme, only.payload) == ("site/b/energy", "", payload(1))
    finally:
        found.close()


def test_a_sparkplug_payload_that_cannot_be_read_goes_to_the_journal_unsigned(
    broker: RunningBroker, tmp_path: Path
) -> None:
    found = source(broker.port, tmp_path, rules=[RULE])
    found.start()
    try:
        until(lambda: found.connected)
        publish(broker.port, [("spBv1.0/plant/NDATA/node", b"\xff\xff")])
        until(lambda: found.waiting == 1)
        (only,) = found.poll()
        assert (only.form, only.scheme, only.payload) == ("sparkplug/1", "", b"\xff\xff")
    finally:
        found.close()


def test_sparkplug_births_survive_a_restart_and_gaps_ask_for_a_rebirth(
    broker: RunningBroker, tmp_path: Path
) -> None:
    base = "spBv1.0/plant"
    found, store = source(broker.port, tmp_path, rules=[RULE], host_id="usufruct"), Store()
    found.start()
    until(lambda: found.connected)
    publish(
        broker.port,
        [
            (f"{base}/NBIRTH/node", birth(0, {}, bdseq=1)),
            (f"{base}/DBIRTH/node/inv", birth(1, {"Energy": 7})),
            (f"{base}/DDATA/node/inv", data(2, {7: (900_000, 5)})),
        ],
    )
    until(lambda: len(store.records) == 1, lambda: store.take(found))
    found.close()
    second = source(broker.port, tmp_path, rules=[RULE], host_id="usufruct")
    second.start()
    try:
        until(lambda: second.connected)
        publish(broker.port, [(f"{base}/DDATA/node/inv", data(3, {7: (1_800_000, 6)}))])
        until(lambda: len(store.records) == 2, lambda: store.take(second))
        publish(broker.port, [(f"{base}/DDATA/node/inv", data(9, {7: (2_700_000, 7)}))])
        until(lambda: len(store.records) == 3, lambda: store.take(second))
        until(lambda: second.rebirths == 1)
    finally:
        second.close()
