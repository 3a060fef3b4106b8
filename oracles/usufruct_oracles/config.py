"""Configuration of one worker: a TOML file with `[worker]`, `[worker.tls]`, `[[worker.peers]]`, `[source]`.

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
                                         # or { keystore = "…", password_file = "…" }
next_key = { env = "NAME" }              # optional; taken as soon as the signer table names it instead of `key`
privacy_secret = { env = "NAME" }        # the same for all workers of a community; or { file = "…" }, as single
                                         # households can only be erased from a file
grace = "6h"                             # chain time after a day's end that a missing file is waited for
poll = "1s"
takeover = "5s"
readers = ["0x…"]                        # may read evidence from elsewhere than loopback
exchange = "postgresql://…"              # optional; workers that share this database find each other there
ops = "127.0.0.1:9101"                   # optional; health, metrics and status without TLS, loopback only
drain = "20s"                            # longest time that what is under way may take after SIGTERM
max_head_age = "10m"                     # not ready when no new block came for so long; "0s": never mind

[worker.tls]                             # optional; with it, whoever connects must show a certificate
cert = "alpha.crt"
key = "alpha.key"
ca = "site-ca.crt"

[[worker.peers]]
name = "beta"
url = "https://beta.example:7002"        # http:// on this machine, or with `plain = true`
cert = "beta.crt"                        # optional; pins this very certificate

[source]                                 # or several [[source]]; kinds: usufruct_oracles.sources.kinds
kind = "csv"                             # or "simulator" with seed, month and faults
inbox = "../inbox"
```
"""

from __future__ import annotations

import ipaddress
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
from usufruct_oracles.tls import TlsConfig

_WORKER = {
    *("name", "community", "deployment", "rpc", "journal", "outbox", "listen", "key"),
    *("privacy_secret", "grace", "poll", "takeover", "readers", "peers", "next_key", "tls"),
    *("exchange", "ops", "drain", "max_head_age"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_LEAST_SECRET = 16


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """Another worker.

    Attributes:
        name: Its name in logs.
        url: The address of its HTTP interface.
        cert: Its pinned certificate, None if the authority's word counts.
    """

    name: str
    url: str
    cert: Path | None = None


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
        privacy_file: The file it was read from, None if it comes from the environment.
        grace: Seconds of chain time after a day's end that a missing file is waited for.
        poll: Seconds between two looks at the source and the chain.
        takeover: Seconds after which the next worker in turn proposes.
        readers: Addresses that may read evidence from elsewhere than loopback.
        peers: The other workers.
        sources: Where readings come from.
        next_key: The key that takes over once the signer table names it, None if there is none.
        tls: This worker's certificate and the authority of its peers, None without TLS.
        exchange: SQLAlchemy URL of the database that the site's workers share, None if there is none.
        ops: Host and port for health, metrics and status without TLS, None if there is none.
        drain: Seconds within which the worker ends after SIGTERM.
        max_head_age: Seconds without a new block after which the worker is not ready, 0 for no limit.
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
    privacy_file: Path | None
    grace: int
    poll: float
    takeover: float
    readers: tuple[str, ...]
    peers: tuple[PeerConfig, ...]
    sources: tuple[SourceSettings, ...]
    next_key: dict[str, object] | None = None
    tls: TlsConfig | None = None
    exchange: str | None = field(default=None, repr=False)
    ops: tuple[str, int] | None = None
    drain: float = 20.0
    max_head_age: int = 600


def load_worker_config(path: Path) -> WorkerConfig:
    """Read and check a worker's configuration; ConfigError names file, line, field, rule, remedy."""
    document = read_document(path)
    worker = document.section("worker", _WORKER)
    host, port = worker.address("listen")
    secret, secret_file = _secret(worker)
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
        key=_key(worker, "key"),
        privacy_secret=secret,
        privacy_file=secret_file,
        grace=int(worker.seconds("grace", "6h")),
        poll=_positive(worker, "poll", "1s"),
        takeover=worker.seconds("takeover", "5s"),
        readers=_readers(worker),
        peers=_peers(document, worker),
        sources=_sources(document),
        next_key=_key(worker, "next_key") if "next_key" in worker.values else None,
        tls=_tls(worker),
        exchange=_database(worker, "exchange", None) if "exchange" in worker.values else None,
        ops=_ops(worker),
        drain=_positive(worker, "drain", "20s"),
        max_head_age=int(worker.seconds("max_head_age", "10m")),
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


def _key(section: Section, name: str) -> dict[str, object]:
    """How a key is found; relative paths start at the configuration's folder, like all others."""
    spec = dict(section.table(name))
    for part in ("keystore", "password_file"):
        found = spec.get(part)
        if isinstance(found, str):
            spec[part] = str(section.resolved(name, found))
    return spec


def _tls(worker: Section) -> TlsConfig | None:
    if "tls" not in worker.values:
        return None
    section = worker.inner("tls", {"cert", "key", "ca"})
    return TlsConfig(section.path("cert"), section.path("key"), section.path("ca"))


def _ops(section: Section) -> tuple[str, int] | None:
    if "ops" not in section.values:
        return None
    host, port = section.address("ops")
    if not is_loopback(host):
        rule = "an address of this machine's loopback, for there is neither TLS nor a question who asks"
        raise section.error("ops", f"{host}:{port}", rule, "write 127.0.0.1:9101")
    return host, port


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine's loopback."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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


def _secret(section: Section) -> tuple[SecretBytes, Path | None]:
    spec = section.table("privacy_secret")
    path: Path | None = None
    rule = f'{{ env = "NAME" }} or {{ file = "PATH" }} with at least {_LEAST_SECRET} bytes of text'
    match dict(spec):
        case {"env": str(name), **rest} if not rest:
            text, where = os.environ.get(name, ""), f"the environment variable {name}"
        case {"file": str(name), **rest} if not rest:
            path = section.resolved("privacy_secret", name)
            text, where = _secret_file(section, path, rule), str(path)
        case _:
            raise section.error("privacy_secret", "…", rule, "correct the value")
    secret = SecretBytes(text.strip().encode())
    if len(secret) < _LEAST_SECRET:
        raise section.error(
            "privacy_secret", "…", rule, f"put the secret that all workers share into {where}"
        )
    return secret, path


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
    sections = document.sections(("worker", "peers"), {"name", "url", "cert", "plain"})
    peers = tuple(
        PeerConfig(
            _name(each), _peer_url(each), each.path("cert") if "cert" in each.values else None
        )
        for each in sections
    )
    taken = {worker.get("name", str)}
    for section, peer in zip(sections, peers, strict=True):
        if peer.name in taken:
            raise section.error("name", peer.name, "a name of its own", "rename one of the two")
        taken.add(peer.name)
    return peers


def _peer_url(section: Section) -> str:
    url = _url(section, "url").rstrip("/")
    parts = urlsplit(url)
    plain = section.get("plain", bool, False)
    if parts.scheme == "http" and not plain and not is_loopback(parts.hostname or ""):
        raise section.error(
            "url",
            "http://…",
            "between machines workers speak https, so that each knows whom it speaks to",
            "write https:// and [worker.tls], or plain = true if the network itself is private",
        )
    if parts.scheme == "http" and "cert" in section.values:
        raise section.error("cert", "…", "only https:// shows a certificate", "write https://")
    return url


def _sources(document: Document) -> tuple[SourceSettings, ...]:
    return tuple(map(_source, document.one_or_more("source")))


def _source(section: Section) -> SourceSettings:
    name = section.get("kind", str)
    kind = KINDS.get(name)
    if kind is None:
        raise section.error("kind", name, f"one of {', '.join(sorted(KINDS))}", "correct the value")
    return kind.read(section.only({"kind", *kind.keys}))
