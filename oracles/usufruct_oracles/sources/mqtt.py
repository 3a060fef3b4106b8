"""Readings by MQTT (protocol §4f): QoS 1, a persistent session, acknowledged only when the journal has them.

The connection lives in a thread of its own. What comes in waits in memory, unacknowledged; `poll` hands it to the
journal, `taken` acknowledges it. A worker that is killed in between has acknowledged nothing, so that the broker
delivers again; what was stored already the journal knows by its digest. The broker sends no more than may wait
(receive maximum of MQTT 5; with MQTT 3.1.1 the broker's own window) and keeps the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from usufruct.clock import Clock, SystemClock
from usufruct.errors import InputError, UsufructError
from usufruct_oracles import logs
from usufruct_oracles.sources import json_readings
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.mqtt_client import QOS, Broker, new_client, require_mqtt
from usufruct_oracles.sources.mqtt_mapping import MqttMapping
from usufruct_oracles.sources.sealing import Sealer
from usufruct_oracles.sources.sparkplug import FORM as SPARKPLUG
from usufruct_oracles.sources.sparkplug_host import (
    NAMESPACE,
    SparkplugHost,
    rebirth_command,
    state_payload,
    state_topic,
)

if TYPE_CHECKING:
    import aiomqtt

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds before the first and before late attempts to connect again, shortened by chance to no less than half."""
REBIRTH_EVERY = 30
"""Seconds between two requests for the births of one edge node."""

_STABLE = 60.0
_FLUSH = 2.0
_REMEMBERED = 4096
_CHANCES = 1 << 16


@dataclass(slots=True)
class _Inbound:
    """One message of the broker.

    Attributes:
        connection: Number of the connection that it came by.
        mid: Its packet identifier there, None if it wants no acknowledgement (QoS 0).
        waiting: Digests of its records that the journal does not have yet.
    """

    connection: int
    mid: int | None
    waiting: set[bytes]


class MqttSource:
    """A `MessageSource` that subscribes to a broker.

    Args:
        broker: Where to connect.
        mapping: Which topics and metrics are whose.
        sealer: Signs the records.
        sparkplug: Follows edge nodes.
        clock: The computer's clock.
        chance: Numbers from 0 to 1 for the pauses between attempts.
    """

    def __init__(
        self,
        broker: Broker,
        mapping: MqttMapping,
        sealer: Sealer,
        sparkplug: SparkplugHost,
        clock: Clock | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        require_mqtt()
        for code in {*mapping.meters.values(), *(each.meter for each in mapping.metrics)}:
            sealer.require(code)
        self._broker = broker
        self._mapping = mapping
        self._sealer = sealer
        self._sparkplug = sparkplug
        self._clock = clock or SystemClock()
        self._chance = chance or _chance
        self._lock = threading.Lock()
        self._messages: dict[bytes, Message] = {}
        self._inbound: list[_Inbound] = []
        self._connection = 0
        self._client: aiomqtt.Client | None = None
        self._subscribed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._asked: dict[str, int] = {}
        self._online_since = 0
        self._recent: dict[bytes, None] = {}
        self._thread: threading.Thread | None = None
        self._log = logs.get("mqtt")

    # --- The journal's side: any thread ----------------------------------------------------------

    def start(self) -> None:
        """Connects, in a thread of its own, and stays connected until `close`."""
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(ready)), name="mqtt", daemon=True
        )
        self._thread.start()
        ready.wait()

    def close(self) -> None:
        """Ends the connection and its thread; what waits stays unacknowledged."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        thread.join()

    def poll(self) -> Iterable[Message]:
        """What waits for the journal, in the order of arrival."""
        with self._lock:
            return list(self._messages.values())

    def taken(self, messages: Sequence[Message]) -> None:
        """Acknowledges the messages of the broker all of whose records are stored."""
        stored = {each.digest for each in messages}
        with self._lock:
            for digest in stored:
                self._messages.pop(digest, None)
            done = []
            for each in self._inbound:
                each.waiting -= stored
                if not each.waiting:
                    done.append(each)
            self._inbound = [each for each in self._inbound if each.waiting]
            loop = self._loop
        if loop is not None and self._thread is not None:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop ended meanwhile: the broker delivers again
                loop.call_soon_threadsafe(self._acknowledge, done)

    @property
    def waiting(self) -> int:
        """Records that the journal does not have yet."""
        with self._lock:
            return len(self._messages)

    @property
    def rebirths(self) -> int:
        """Edge nodes that were asked for their births."""
        return len(self._asked)

    @property
    def connected(self) -> bool:
        """Whether there is a connection at this moment, and the broker knows its subscriptions."""
        return self._subscribed

    # --- The connection: its own thread ----------------------------------------------------------

    async def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        ready.set()
        for pause in self._pauses():
            session = asyncio.create_task(self._session())
            stop = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({session, stop}, return_when=asyncio.FIRST_COMPLETED)
            await self._flush()
            stop.cancel()
            session.cancel()
            try:
                await session
            except asyncio.CancelledError:
                pass
            except (OSError, UsufructError) as error:
                self._log.error("mqtt-failed", reason=str(error))
            if await self._stopped_within(pause):
                return

    async def _flush(self) -> None:
        """Lets acknowledgements go out before the connection ends; the broker would deliver again without them."""
        deadline = asyncio.get_running_loop().time() + _FLUSH
        while self._client is not None and self._client._client.want_write():  # noqa: SLF001
            if asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.01)

    def _pauses(self) -> Iterator[float]:
        """Seconds before the next attempts: twice as long each time, until a connection lasted."""
        longest = FIRST_PAUSE
        while True:
            began = self._clock.now()
            yield longest * (0.5 + self._chance() / 2)
            lasted = self._clock.now() - began > _STABLE + longest
            longest = FIRST_PAUSE if lasted else min(2 * longest, LONGEST_PAUSE)

    async def _stopped_within(self, seconds: float) -> bool:
        assert self._stopping is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _session(self) -> None:
        """One connection, from connecting until it breaks or too much waits."""
        import aiomqtt  # noqa: PLC0415 - an extra

        try:
            self._online_since = self._clock.now()
            async with new_client(self._broker, self._online_since) as client:
                self._begin(client)
                await self._subscribe(client)
                async for message in client.messages:
                    await self._receive(client, message)
        except aiomqtt.MqttError as error:
            self._log.warning("mqtt-disconnected", host=self._broker.host, reason=str(error))
        finally:
            self._client = None
            self._subscribed = False

    def _begin(self, client: aiomqtt.Client) -> None:
        """What an earlier connection did not acknowledge, the broker delivers again by this one."""
        with self._lock:
            self._connection += 1
            self._client = client
            self._inbound.clear()

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        if self._broker.host_id:
            birth = state_payload(self._online_since, online=True)
            await client.publish(state_topic(self._broker.host_id), birth, qos=QOS, retain=True)
        for each in self._mapping.filters:
            await client.subscribe(each, qos=QOS)
        self._subscribed = True
        self._log.info("mqtt-connected", host=self._broker.host, filters=len(self._mapping.filters))

    async def _receive(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        """Takes one message in; what holds no reading is acknowledged at once."""
        topic, payload = str(message.topic), _bytes(message.payload)
        records: list[Message] = []
        try:
            records = await self._records(client, topic, payload)
        except InputError as error:
            # Without the value: it may be a household's.
            self._log.warning("mqtt-refused", topic=topic, field=error.field, rule=error.rule)
            records = [_unsigned(topic, SPARKPLUG, payload)]
        if not message.qos and self.waiting >= self._broker.capacity:
            self._log.warning("mqtt-dropped", topic=topic, reason="QoS 0 and no room")
            return
        mid = message.mid if message.qos else None
        inbound = _Inbound(self._connection, mid, {each.digest for each in records})
        if not records:
            self._acknowledge([inbound])
            return
        with self._lock:
            self._messages.update({each.digest: each for each in records})
            self._inbound.append(inbound)

    async def _records(self, client: aiomqtt.Client, topic: str, payload: bytes) -> list[Message]:
        source = f"mqtt:{topic}"
        if topic.startswith(f"{NAMESPACE}/"):
            if topic.split("/")[2] in {"NCMD", "DCMD"}:
                return []
            found = self._sparkplug.receive(topic, payload, again=self._came_before(topic, payload))
            for problem in found.problems:
                self._log.warning("sparkplug-problem", topic=topic, problem=problem)
            if found.rebirth:
                await self._ask(client, found.rebirth)
            return [
                self._sealer.message(source, code, SPARKPLUG, raw) for code, raw in found.records
            ]
        code = self._mapping.meters.get(topic, "")
        if code in self._sealer.meters:
            return [self._sealer.message(source, code, json_readings.FORM, payload)]
        return [_unsigned(topic, json_readings.FORM, payload)]

    def _came_before(self, topic: str, payload: bytes) -> bool:
        """Whether the message is one of the last ones: a broker delivers again what was not acknowledged."""
        digest = sha256(topic.encode() + b"\n" + payload).digest()
        known = digest in self._recent
        self._recent[digest] = None
        if len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return known

    async def _ask(self, client: aiomqtt.Client, topic: str) -> None:
        """Asks an edge node for its births, not too often."""
        now = self._clock.now()
        if now - self._asked.get(topic, 0) >= REBIRTH_EVERY:
            self._asked[topic] = now
            await client.publish(topic, rebirth_command(now))

    def _acknowledge(self, inbound: Iterable[_Inbound]) -> None:
        """Acknowledges what came by this connection; of an earlier one the broker delivers again."""
        client = self._client
        if client is None:
            return
        for each in inbound:
            if each.mid is not None and each.connection == self._connection:
                client._client.ack(each.mid, QOS)  # noqa: SLF001


def _chance() -> float:
    """A number from 0 to 1: workers that lost one broker are not to come back at the same moment."""
    return secrets.randbelow(_CHANCES) / _CHANCES


def _unsigned(topic: str, form: str, payload: bytes) -> Message:
    """What is nobody's: the journal rejects it and keeps it."""
    return Message(f"mqtt:{topic}", "", topic[:64], form, payload, "", b"")


def _bytes(payload: object) -> bytes:
    return bytes(payload) if isinstance(payload, (bytes, bytearray)) else str(payload).encode()
