"""Configuration of one worker: a TOML file with the tables `[worker]`, `[[worker.peers]]`, `[source]`.

```toml
[worker]
name = "alpha"
community = "../community.toml"          # relative paths start at this file's folder
deployment = "../state/deployments/31337.json"
rpc = "http://127.0.0.1:8545"
journal = "alpha.sqlite"                 # path, or an SQLAlchemy URL such as postgresql+psycopg://…
outbox = "alpha-outbox.sqlite"           # optional; default: beside a SQLite journal, else its URL
listen = "127.0.0.1:7001"
key = { dev = 4 }                        # or { env = "NAME" }, or { keystore = "…", password_env = "NAME" }
privacy_secret = { env = "NAME" }        # or { file = "…" }; the same for all workers of a community
grace = "6h"                             # chain time after a day's end that a missing file is waited for
poll = "1s"
takeover = "5s"
readers = ["0x…"]                        # may read evidence from elsewhere than loopback

[[worker.peers]]
name = "beta"
url = "http://127.0.0.1:7002"

[source]                                 # or several [[source]]; kinds: usufruct_oracles.sources.kinds
kind = "csv"                             # or "simulator" with seed, month and faults
inbox = "../inbox"
```
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from usufruct.contracts import EncodeError, address
from usufruct.keys import SecretBytes
from usufruct_oracles.settings import Document, Section, read_document
from usufruct_oracles.sources.kinds import KINDS
from usufruct_oracles.sources.opening import SourceSettings

_WORKER = {
    *("name", "community", "deployment", "rpc", "journal", "outbox", "listen", "key"),
    *("privacy_secret", "grace", "poll", "takeover", "readers", "peers"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_LEAST_SECRET = 16
_PORTS = 1 << 16


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """Another worker: its name in logs, and the address of its HTTP interface."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """A validated worker configuration.

    Attributes:
        file: The file it was read from.
        name: Name in logs and in the status.
        community: The community file.
        deployment: The deployment record.
        rpc: URL of the node; may hold a credential and is never logged.
        journal: SQLAlchemy URL of the journal.
        outbox: SQLAlchemy URL of the outbox of transactions.
        host: Host that the HTTP interface listens on.
        port: Its port.
        key: How the oracle's key is found, as `usufruct.keys.load_key` takes it.
        privacy_secret: Secret from which the blindings derive; never logged.
        grace: Seconds of chain time after a day's end that a missing file is waited for.
        poll: Seconds between two looks at the source and the chain.
        takeover: Seconds after which the next worker in turn proposes.
        readers: Addresses that may read evidence from elsewhere than loopback.
        peers: The other workers.
        sources: Where readings come from.
    """

    file: Path
    name: str
    community: Path
    deployment: Path
    rpc: str = field(repr=False)
    journal: str = field(repr=False)
    outbox: str = field(repr=False)
    host: str
    port: int
    key: dict[str, object]
    privacy_secret: SecretBytes = field(repr=False)
    grace: int
    poll: float
    takeover: float
    readers: tuple[str, ...]
    peers: tuple[PeerConfig, ...]
    sources: tuple[SourceSettings, ...]


def load_worker_config(path: Path) -> WorkerConfig:
    """Read and check a worker's configuration; ConfigError names file, line, field, rule, remedy."""
    document = read_document(path)
    worker = document.section("worker", _WORKER)
    host, port = _listen(worker)
    journal = _database(worker, "journal", None)
    return WorkerConfig(
        file=path,
        name=_name(worker),
        community=worker.path("community"),
        deployment=worker.path("deployment"),
        rpc=_url(worker, "rpc"),
        journal=journal,
        outbox=_database(worker, "outbox", _default_outbox(journal)),
        host=host,
        port=port,
        key=dict(worker.table("key")),
        privacy_secret=_secret(worker),
        grace=int(worker.seconds("grace", "6h")),
        poll=_positive(worker, "poll", "1s"),
        takeover=worker.seconds("takeover", "5s"),
        readers=_readers(worker),
        peers=_peers(document, worker),
        sources=_sources(document),
    )


def _name(section: Section) -> str:
    name = section.get("name", str)
    if not _NAME.fullmatch(name):
        raise section.error(
            "name", name, "1 to 32 letters, digits, dots, dashes", "choose another name"
        )
    return name


def _url(section: Section, key: str) -> str:
    text = section.get(key, str)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # The value is not shown: a node's URL may hold a credential.
        raise section.error(key, "…", "an http:// or https:// URL", "correct the URL")
    return text


def _listen(section: Section) -> tuple[str, int]:
    text = section.get("listen", str)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < _PORTS:
        raise section.error("listen", text, "host:port, port 1 to 65535", "correct the value")
    return host.strip("[]"), int(port)


def _database(section: Section, key: str, default: str | None) -> str:
    if key not in section.values and default is not None:
        return default
    text = section.get(key, str)
    if "://" not in text:
        return f"sqlite:///{section.path(key)}"
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)


def _default_outbox(journal: str) -> str:
    prefix, separator, path = journal.partition(":///")
    if prefix != "sqlite" or not separator:
        return journal
    where = Path(path)
    return f"sqlite:///{where.with_name(where.stem + '-outbox' + where.suffix)}"


def _positive(section: Section, key: str, default: str) -> float:
    seconds = section.seconds(key, default)
    if seconds <= 0:
        raise section.error(key, "0", "longer than 0", "correct the value")
    return seconds


def _secret(section: Section) -> SecretBytes:
    spec = section.table("privacy_secret")
    rule = f'{{ env = "NAME" }} or {{ file = "PATH" }} with at least {_LEAST_SECRET} bytes of text'
    match dict(spec):
        case {"env": str(name), **rest} if not rest:
            text, where = os.environ.get(name, ""), f"the environment variable {name}"
        case {"file": str(name), **rest} if not rest:
            where = str((section.document.path.parent / name).resolve())
            text = _secret_file(section, Path(where), rule)
        case _:
            raise section.error("privacy_secret", "…", rule, "correct the value")
    secret = SecretBytes(text.strip().encode())
    if len(secret) < _LEAST_SECRET:
        raise section.error(
            "privacy_secret", "…", rule, f"put the secret that all workers share into {where}"
        )
    return secret


def _secret_file(section: Section, path: Path, rule: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise section.error("privacy_secret", str(path), rule, "make the file readable") from error


def _readers(section: Section) -> tuple[str, ...]:
    readers = section.texts("readers")
    for each in readers:
        try:
            address(each)
        except EncodeError as error:
            raise section.error(
                "readers", each, "addresses with a right checksum", "correct the address"
            ) from error
    return tuple(address(each) for each in readers)


def _peers(document: Document, worker: Section) -> tuple[PeerConfig, ...]:
    sections = document.sections(("worker", "peers"), {"name", "url"})
    peers = tuple(PeerConfig(_name(each), _url(each, "url").rstrip("/")) for each in sections)
    taken = {worker.get("name", str)}
    for section, peer in zip(sections, peers, strict=True):
        if peer.name in taken:
            raise section.error("name", peer.name, "a name of its own", "rename one of the two")
        taken.add(peer.name)
    return peers


def _sources(document: Document) -> tuple[SourceSettings, ...]:
    return tuple(map(_source, document.one_or_more("source")))


def _source(section: Section) -> SourceSettings:
    name = section.get("kind", str)
    kind = KINDS.get(name)
    if kind is None:
        raise section.error("kind", name, f"one of {', '.join(sorted(KINDS))}", "correct the value")
    return kind.read(section.only({"kind", *kind.keys}))
