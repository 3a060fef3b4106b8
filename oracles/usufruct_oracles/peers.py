"""Asks the other workers for signatures over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

from usufruct.clock import Clock
from usufruct.core.documents import text
from usufruct.core.encoding import canonical_json, unhex
from usufruct.core.signing import SIGNATURE_LENGTH
from usufruct.errors import UsufructError
from usufruct_oracles.auth import Realm, sign_request
from usufruct_oracles.config import PeerConfig

BATCH_PATH = "/v1/sign/batch"
STATEMENT_PATH = "/v1/sign/statement"

UNREACHABLE = "unreachable"
MALFORMED = "malformed"
BAD_SIGNATURE = "bad_signature"
"""Codes given by the asking side; all others come from the peer."""
DISAGREEMENT = "disagreement"
"""The peer's code for another digest."""

_MOST_ANSWER = 1 << 20
_SHOWN = 200


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

    name: str

    def ask(self, path: str, proposal: Mapping[str, object]) -> Signed | Refused:
        """Ask for a signature; never raises for what the peer does."""
        ...


class HttpPeer:
    """Another worker, asked over HTTP; requests are signed with this worker's key.

    Close it, or use it as a context manager, to give its connections back.
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
    ) -> None:
        self.name = config.name
        self._key = key
        self._realm = realm
        self._clock = clock
        limits = httpx.Timeout(timeout, connect=min(timeout, 2.0))
        # No redirects: a signed request is meant for this very address. No proxy from the environment either.
        self._client = httpx.Client(
            base_url=config.url, timeout=limits, transport=transport, trust_env=False
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
        body = canonical_json(dict(proposal))
        try:
            request = self._client.build_request("POST", path, content=body)
            target = request.url.raw_path.decode("ascii")
            headers = sign_request(self._key, self._realm, "POST", target, body, self._clock.now())
            request.headers.update({**headers, "Content-Type": "application/json"})
            answer = self._client.send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Refused(self.name, UNREACHABLE, f"{type(error).__name__}: {error}"[:_SHOWN])
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> Signed | Refused:
        try:
            body = _object(answer.content)
            if answer.is_success:
                return self._signed(body)
            return Refused(
                self.name,
                str(body.get("error", f"http_{answer.status_code}"))[:_SHOWN],
                str(body.get("detail", ""))[:_SHOWN],
                body,
            )
        except (ValueError, UsufructError):
            said = f"HTTP {answer.status_code} with an answer that is not a worker's"
            return Refused(self.name, MALFORMED, said)

    def _signed(self, body: Mapping[str, object]) -> Signed:
        signature = unhex(text(body.get("signature"), "signature"), SIGNATURE_LENGTH)
        return Signed(self.name, text(body.get("signer"), "signer"), signature)


def _object(content: bytes) -> Mapping[str, object]:
    if len(content) > _MOST_ANSWER:
        raise ValueError("the answer is too long")
    body = json.loads(content)
    if not isinstance(body, dict):
        raise ValueError("the answer is not an object")  # noqa: TRY004  # of the peer, not of a type here
    return body
