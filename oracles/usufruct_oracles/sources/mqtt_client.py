"""The connection to an MQTT broker: a persistent session that waits with its acknowledgements (protocol §4f)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from usufruct.errors import ConfigError
from usufruct_oracles.sources.sparkplug_host import state_payload, state_topic

if TYPE_CHECKING:
    import aiomqtt

QOS = 1
"""Messages are delivered at least once."""

_MQTT_311 = 4
_SESSION = 0xFFFFFFFF  # never expires


@dataclass(frozen=True, slots=True)
class Broker:
    """Where and how to connect.

    Attributes:
        host: Host of the broker.
        port: Its port.
        client_id: Name of the persistent session; one for each worker.
        username: User, "" for none.
        password: Password; never logged.
        tls: An `ssl.SSLContext`, None for an unencrypted connection.
        host_id: Sparkplug host whose STATE is kept, "" for none.
        capacity: Messages that may wait for the journal, at most 65 535.
        version: 5, or 4 for MQTT 3.1.1.
    """

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = field(default="", repr=False)
    tls: Any = field(default=None, repr=False)
    host_id: str = ""
    capacity: int = 1000
    version: int = 5


def new_client(broker: Broker, online_since: int) -> aiomqtt.Client:
    """A client that is not connected yet; `online_since` is when its host will have come up, unix seconds."""
    import aiomqtt  # noqa: PLC0415 - an extra

    will = None
    if broker.host_id:
        death = state_payload(online_since, online=False)
        will = aiomqtt.Will(state_topic(broker.host_id), death, qos=QOS, retain=True)
    client = aiomqtt.Client(
        broker.host,
        broker.port,
        identifier=broker.client_id,
        username=broker.username or None,
        password=broker.password or None,
        tls_context=broker.tls,
        will=will,
        **_session_options(broker),
    )
    # aiomqtt acknowledges when a message comes in; the client below it can be told to wait.
    client._client.manual_ack_set(True)  # noqa: SLF001
    return client


def _session_options(broker: Broker) -> dict[str, Any]:
    """What makes the session persistent and bounds what the broker sends without acknowledgement."""
    import aiomqtt  # noqa: PLC0415 - an extra
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - an extra
    from paho.mqtt.properties import Properties  # noqa: PLC0415 - an extra

    if broker.version == _MQTT_311:
        return {"protocol": aiomqtt.ProtocolVersion.V311, "clean_session": False}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has none here
    properties.SessionExpiryInterval = _SESSION
    properties.ReceiveMaximum = broker.capacity
    return {
        "protocol": aiomqtt.ProtocolVersion.V5,
        "clean_start": False,
        "properties": properties,
    }


def require_mqtt() -> None:
    """Raises ConfigError unless the extra is installed."""
    try:
        import aiomqtt  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            "MQTT needs aiomqtt",
            field="source.kind",
            value="mqtt",
            rule="the extra [mqtt] is installed",
            remedy="pip install 'usufruct[mqtt]'",
        ) from error
