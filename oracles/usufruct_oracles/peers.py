"""Asks the other workers for signatures over HTTP."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from usufruct.clock import Clock
from usufruct.core.documents import text
from usufruct.core.encoding import canonical_json, unhex
from usufruct.core.signing import SIGNATURE_LENGTH
from usufruct.errors import UsufructError
from usufruct_oracles import logs
from usufruct_oracles.auth import MAX_SKEW, Realm, sign_request, told_time
from usufruct_oracles.config import PeerConfig
from usufruct_oracles.wire import Json

BATCH_PATH = "/v1/sign/batch"
STATEMENT_PATH = "/v1/sign/statement"
SIGNATURES_PATH = "/v1/exchange/signatures"
RECORDS_PATH = "/v1/exchange/records"
CORRECTIONS_PATH = "/v1/exchange/corrections"

UNREACHABLE = "unreachable"
MALFORMED = "malformed"
BAD_SIGNATURE = "bad_signature"
"""Codes given by the asking side; all others come from the peer."""
DISAGREEMENT = "disagreement"
"""The peer's code for another digest."""

_MOST_ANSWER = 4 << 20
_SHOWN = 200
_OK, _UNAUTHENTICATED = 200, 401


@dataclass(frozen=True, slots=True)
class Signed:
    """A peer signed: the address it claims, and its signature (64 bytes)."""

    peer: str
    signer: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A peer did not sign.

    Attributes:
        peer: Its name.
        code: Why, in one word: "disagreement", "not_ready", "unreachable", …
        detail: Why, for people.
        body: All it said.
    """

    peer: str
    code: str
    detail: str
    body: Mapping[str, object] = field(default_factory=dict)


class Peer(Protocol):
    """Somebody who may sign."""

    @property
    def name(self) -> str:
        """Its name in logs."""
        ...

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        """Ask for a signature; never raises for what the peer does."""
        ...


class Colleague(Peer, Protocol):
    """Somebody who may sign, and who also tells what it has seen and lends records."""

    def fetch(self, path: str, question: Mapping[str, object]) -> Json | Refused:
        """Ask for something else than a signature; never raises for what the peer does."""
        ...


class HttpPeer:
    """Another worker, asked over HTTP; requests are signed with this worker's key.

    Close it, or use it as a context manager, to give its connections back.

    Args:
        config: Its name and address.
        key: This worker's key.
        realm: The deployment.
        clock: Wall clock, for the time of requests.
        timeout: Seconds.
        transport: Another way to the peer, for tests.
        tls: How it is recognised, and this worker's certificate; the system's rules if there is none.
    """

    def __init__(
        self,
        config: PeerConfig,
        key: bytes,
        realm: Realm,
        clock: Clock,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = config.name
        self._key = key
        self._realm = realm
        self._clock = clock
        self._ahead = 0
        self._log = logs.get("peers")
        limits = httpx.Timeout(timeout, connect=min(timeout, 2.0))
        # No redirects: a signed request is meant for this very address. No proxy from the environment either.
        self._client = httpx.Client(
            base_url=config.url,
            timeout=limits,
            transport=transport,
            trust_env=False,
            verify=True if tls is None else tls,
        )

    def __enter__(self) -> HttpPeer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        """Ask for a signature; a failure of any kind is a refusal."""
        return signed_from(self.name, self.fetch(path, proposal))

    def fetch(self, path: str, question: Mapping[str, object]) -> Json | Refused:
        """What the peer answers; a failure of any kind is a refusal."""
        body = canonical_json(dict(question))
        try:
            answer = self._send(path, body)
            told = told_time(answer.headers) if answer.status_code == _UNAUTHENTICATED else None
            ahead = self._ahead if told is None else told - self._clock.now()
            if abs(ahead - self._ahead) > MAX_SKEW // 2:
                self._ahead = ahead
                self._log.warning("clocks differ", peer=self.name, ahead=self._ahead)
                answer = self._send(path, body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Refused(self.name, UNREACHABLE, f"{type(error).__name__}: {error}"[:_SHOWN])
        return read_answer(self.name, answer.status_code, answer.content)

    def _send(self, path: str, body: bytes) -> httpx.Response:
        """The answer to a request that is signed for the time that the peer has, as far as it is known."""
        request = self._client.build_request("POST", path, content=body)
        target = request.url.raw_path.decode("ascii")
        now = self._clock.now() + self._ahead
        headers = sign_request(self._key, self._realm, "POST", target, body, now)
        request.headers.update({**headers, "Content-Type": "application/json"})
        return self._client.send(request)


def read_answer(peer: str, status: int, content: bytes) -> Json | Refused:
    """A peer's answer, however it came: an object, or why there is none."""
    try:
        body = _object(content)
    except ValueError:
        return Refused(peer, MALFORMED, f"HTTP {status} with an answer that is not a worker's")
    if status == _OK:
        return body
    code = str(body.get("error", f"http_{status}"))[:_SHOWN]
    return Refused(peer, code, str(body.get("detail", ""))[:_SHOWN], body)


def signed_from(peer: str, answer: Json | Refused) -> Signed | Refused:
    """The signature in a peer's answer."""
    if isinstance(answer, Refused):
        return answer
    try:
        signature = unhex(text(answer.get("signature"), "signature"), SIGNATURE_LENGTH)
        return Signed(peer, text(answer.get("signer"), "signer"), signature)
    except UsufructError:
        return Refused(peer, MALFORMED, "an answer that is no signature")


def _object(content: bytes) -> Json:
    if len(content) > _MOST_ANSWER:
        raise ValueError("the answer is too long")
    body = json.loads(content)
    if not isinstance(body, dict):
        raise ValueError("the answer is not an object")  # noqa: TRY004  # of the peer, not of a type here
    return body
