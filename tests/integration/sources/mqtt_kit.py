"""A source at a real broker, a publisher, and a journal that stores each record once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import aiomqtt
from tests.unit.oracles import kit

from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.mqtt import MqttSource
from usufruct_oracles.sources.mqtt_client import Broker
from usufruct_oracles.sources.mqtt_mapping import MqttMapping
from usufruct_oracles.sources.sealing import SCHEME, Sealer, dev_key
from usufruct_oracles.sources.sparkplug_host import MetricRule, SparkplugHost

CODE = "home-01"
TOPIC = "site/a/energy"
METERS = {CODE: replace(kit.meter(CODE), scheme=SCHEME)}
RULE = MetricRule("plant/node/inv", "Energy", CODE, "kWh", 900, "end")
PATIENCE = 30.0


def source(
    port: int,
    folder: Path,
    *,
    client: str = "alpha",
    capacity: int = 1000,
    host_id: str = "",
    rules: Iterable[MetricRule] = (),
    version: int = 5,
) -> MqttSource:
    rules = tuple(rules)
    filters = ("site/+/energy", *(f"spBv1.0/{each.place.split('/')[0]}/+/+/#" for each in rules))
    return MqttSource(
        Broker("127.0.0.1", port, client, host_id=host_id, capacity=capacity, version=version),
        MqttMapping(filters, {TOPIC: CODE}, rules),
        Sealer(METERS, dev_key),
        SparkplugHost(rules, folder / "births"),
    )


def payload(number: int) -> bytes:
    reading = {"start": 900 * number, "duration_s": 900, "value": 1.25, "unit": "kWh"}
    return json.dumps(reading).encode()


def publish(port: int, messages: Iterable[tuple[str, bytes]], qos: int = 1) -> None:
    """Publishes and waits until the broker has everything."""

    async def run() -> None:
        async with aiomqtt.Client("127.0.0.1", port) as client:
            for topic, data in messages:
                await client.publish(topic, data, qos=qos)

    asyncio.run(run())


def readings(numbers: Iterable[int]) -> list[tuple[str, bytes]]:
    return [(TOPIC, payload(each)) for each in numbers]


class Store:
    """Stores each record once, as the journal does by digest; counts how often each was offered."""

    def __init__(self) -> None:
        self.records: dict[bytes, Message] = {}
        self.offered: dict[bytes, int] = {}

    def take(self, found: MqttSource) -> None:
        messages = list(found.poll())
        for each in messages:
            self.records.setdefault(each.digest, each)
            self.offered[each.digest] = self.offered.get(each.digest, 0) + 1
        found.taken(messages)


def until(condition: Callable[[], bool], step: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        step()
        time.sleep(0.02)


def raws(records: Mapping[bytes, Message]) -> set[bytes]:
    """The devices' bytes behind the gateway's heading."""
    return {each.payload.split(b"\n", 4)[4] for each in records.values()}


def pass_by(port: int) -> None:
    """Lets the broker answer somebody else, until it has read what was sent before.

    It takes one packet of each connection in turn.
    """
    publish(port, [("nobody/listens", b"")] * 64)
