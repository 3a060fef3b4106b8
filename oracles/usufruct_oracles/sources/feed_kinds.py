"""Settings of the sources that a gateway signs for: tables, Green Button files, documents, rent rolls, MQTT.

```toml
[[source]]
kind = "table"                    # or "green-button" (the same keys), "documents" (without mapping)
inbox = "../tables"
kept = "../kept"                  # verbatim copies and reports
mapping = "table.toml"
gateway_key = { keystore = "gateway.json", password_env = "NAME" }   # not for development keys

[[source]]
kind = "rent-rolls"
inbox = "../rolls"                # <YYYY-MM>.json
report = "../rents.report.json"   # receivables, credits, refusals

[[source]]
kind = "mqtt"
host = "broker.example"
port = 8883
client_id = "usufruct-alpha"      # one for each worker
mapping = "mqtt.toml"
state = "births"                  # births of Sparkplug edge nodes
tls = true
ca = "ca.pem"                     # optional: instead of the system's authorities
username = "usufruct"
password_env = "NAME"
capacity = 1000
version = 5                       # 4 for MQTT 3.1.1
host_id = "usufruct"              # optional: keep STATE as this Sparkplug host
```
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from usufruct.config import Community, Meter
from usufruct.core.periods import zone
from usufruct.keys import load_key
from usufruct_oracles.settings import Section
from usufruct_oracles.sources.espi_records import EspiImporter, Series, load_series
from usufruct_oracles.sources.file_drop import FileDrop
from usufruct_oracles.sources.file_erasure import erase_files, files_of, speakers
from usufruct_oracles.sources.imports import Importer
from usufruct_oracles.sources.mqtt import MqttSource
from usufruct_oracles.sources.mqtt_client import Broker
from usufruct_oracles.sources.mqtt_mapping import MqttMapping, load_mqtt_mapping
from usufruct_oracles.sources.opening import Kind, Surroundings
from usufruct_oracles.sources.papers.folder import DocumentImporter, RentRolls
from usufruct_oracles.sources.sealing import Sealer, dev_key
from usufruct_oracles.sources.sparkplug_host import SparkplugHost
from usufruct_oracles.sources.table_import import TableImporter
from usufruct_oracles.sources.table_mapping import TableMapping, load_mapping

_PORTS = 1 << 16
_MAX_CAPACITY = 65_535
_VERSIONS = (4, 5)
_PLAIN_PORT, _TLS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class FileSettings:
    """A drop folder of files.

    Attributes:
        inbox: The folder.
        kept: Folder for copies and reports.
        suffixes: Ends of the names of its files.
        importer: Makes the importer for a community's meters and time zone.
        reads: How the files are read, to tell when that changes.
        key: The gateway's key, as `usufruct.keys.load_key` takes it; {} for development keys.
    """

    inbox: Path
    kept: Path
    suffixes: tuple[str, ...]
    importer: Callable[[Mapping[str, Meter], str], Importer] = field(repr=False)
    reads: str = field(repr=False)
    key: Mapping[str, object]

    def open(self, surroundings: Surroundings) -> FileDrop:
        """The folder as a source."""
        sealer = sealer_of(surroundings, self.key)
        return FileDrop(
            self.inbox,
            self.suffixes,
            self.kept,
            self._importer(surroundings.community),
            self.reads,
            sealer,
        )

    def erase(self, community: Community, _: str, meter: str) -> int:
        """Removes files that are of the meter alone, and all copies and reports of files that speak of it.

        The journal holds what other meters say in those copies; see `sources.opening.Erasing`.
        """
        return erase_files(self.inbox, self.kept, self.suffixes, self._importer(community), meter)

    def shared(self, community: Community, meter: str) -> list[Path]:
        """Files of the folder that speak of the meter and of others."""
        importer = self._importer(community)
        found = files_of(self.inbox, self.suffixes)
        return [each for each in found if meter in speakers(each, importer, meter)]

    def _importer(self, community: Community) -> Importer:
        meters = {each.code: each for each in community.meters}
        return self.importer(meters, community.project.timezone)


@dataclass(frozen=True, slots=True)
class RentSettings:
    """A folder of monthly rent rolls, and the file for what is receivable."""

    inbox: Path
    report: Path
    key: Mapping[str, object]

    def open(self, surroundings: Surroundings) -> RentRolls:
        """The folder as a source."""
        timezone = surroundings.community.project.timezone
        return RentRolls(self.inbox, self.report, sealer_of(surroundings, self.key), timezone)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """A broker, what is subscribed to there, and the folder for births."""

    broker: Broker
    mapping: MqttMapping
    state: Path
    key: Mapping[str, object]

    def open(self, surroundings: Surroundings) -> MqttSource:
        """The source, connecting; its connection ends with the worker."""
        sparkplug = SparkplugHost(self.mapping.metrics, self.state)
        sealer = sealer_of(surroundings, self.key)
        source = MqttSource(self.broker, self.mapping, sealer, sparkplug)
        source.start()
        surroundings.stack.callback(source.close)
        return source


def sealer_of(surroundings: Surroundings, key: Mapping[str, object]) -> Sealer:
    """What signs for the community's meters.

    Raises:
        ConfigError: The key cannot be had.
    """
    meters = {each.code: each for each in surroundings.community.meters}
    if not key:
        return Sealer(meters, dev_key)
    secret = load_key(key, chain_id=surroundings.chain_id)
    return Sealer(meters, lambda _meter: bytes(secret))


def _key(section: Section) -> Mapping[str, object]:
    return dict(section.table("gateway_key")) if "gateway_key" in section.values else {}


def _read_table(section: Section) -> FileSettings:
    mapping = load_mapping(section.path("mapping"))

    def importer(meters: Mapping[str, Meter], _timezone: str) -> Importer:
        return TableImporter(mapping, meters)

    suffixes = (".parquet",) if mapping.format == "parquet" else (".csv", ".txt")
    return _files(section, suffixes, importer, mapping)


def _read_green_button(section: Section) -> FileSettings:
    series = load_series(section.path("mapping"))

    def importer(meters: Mapping[str, Meter], timezone: str) -> Importer:
        return EspiImporter(series, meters, zone(timezone))

    return _files(section, (".xml",), importer, series)


def _read_documents(section: Section) -> FileSettings:
    def importer(meters: Mapping[str, Meter], _timezone: str) -> Importer:
        return DocumentImporter(meters)

    return _files(section, (".json",), importer, ())


def _files(
    section: Section,
    suffixes: tuple[str, ...],
    importer: Callable[[Mapping[str, Meter], str], Importer],
    reads: TableMapping | tuple[Series, ...],
) -> FileSettings:
    return FileSettings(
        section.path("inbox"), section.path("kept"), suffixes, importer, repr(reads), _key(section)
    )


def _read_rents(section: Section) -> RentSettings:
    return RentSettings(section.path("inbox"), section.path("report"), _key(section))


def _read_mqtt(section: Section) -> MqttSettings:
    tls = section.get("tls", bool, False)
    port = section.get("port", int, _TLS_PORT if tls else _PLAIN_PORT)
    capacity = section.get("capacity", int, 1000)
    version = section.get("version", int, 5)
    for key, value, rule, holds in (
        ("port", port, "1 to 65535", 0 < port < _PORTS),
        ("capacity", capacity, f"1 to {_MAX_CAPACITY}", 0 < capacity <= _MAX_CAPACITY),
        ("version", version, "5, or 4 for MQTT 3.1.1", version in _VERSIONS),
    ):
        if not holds:
            raise section.error(key, value, rule, "correct the value")
    broker = Broker(
        host=section.get("host", str),
        port=port,
        client_id=section.get("client_id", str),
        username=section.get("username", str, ""),
        password=_password(section),
        tls=_tls(section) if tls else None,
        host_id=section.get("host_id", str, ""),
        capacity=capacity,
        version=version,
    )
    mapping = load_mqtt_mapping(section.path("mapping"))
    return MqttSettings(broker, mapping, section.path("state"), _key(section))


def _password(section: Section) -> str:
    """The password in the environment variable that the settings name."""
    name = section.get("password_env", str, "")
    if not name:
        return ""
    password = os.environ.get(name, "")
    if not password:
        raise section.error(
            "password_env", name, "an environment variable with the password", f"set {name}"
        )
    return password


def _tls(section: Section) -> ssl.SSLContext:
    if "ca" not in section.values:
        return ssl.create_default_context()
    path = section.path("ca")
    try:
        return ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise section.error(
            "ca", str(path), "a PEM file of certificates", "correct the path"
        ) from error


_FILE_KEYS = {"inbox", "kept", "mapping", "gateway_key"}

TABLE = Kind(keys=_FILE_KEYS, read=_read_table)
"""`kind = "table"`."""
GREEN_BUTTON = Kind(keys=_FILE_KEYS, read=_read_green_button)
"""`kind = "green-button"`."""
DOCUMENTS = Kind(keys=_FILE_KEYS - {"mapping"}, read=_read_documents)
"""`kind = "documents"`."""
RENT_ROLLS = Kind(keys={"inbox", "report", "gateway_key"}, read=_read_rents)
"""`kind = "rent-rolls"`."""
MQTT = Kind(
    keys={
        *("host", "port", "client_id", "mapping", "state", "tls", "ca", "username", "password_env"),
        *("capacity", "version", "host_id", "gateway_key"),
    },
    read=_read_mqtt,
)
"""`kind = "mqtt"`."""
