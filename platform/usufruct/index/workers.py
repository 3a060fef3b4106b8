"""Asks oracle workers for evidence over HTTP, within limits, and never believes the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx

from usufruct.clock import Clock, SystemClock
from usufruct.core.encoding import hex0x, load_json
from usufruct.core.keccak import keccak256
from usufruct.core.signing import address_of, sign_digest
from usufruct.errors import ChainError, InputError

__all__ = ["Reader", "WorkerClient"]

_MOST_BYTES: Final = 64 * 1024 * 1024
_TIMEOUT: Final = httpx.Timeout(10.0, read=30.0)


@dataclass(frozen=True, slots=True)
class Reader:
    """The key that requests to workers on other machines are signed with, and the deployment they are for."""

    key: bytes
    chain_id: int
    anchor: str

    def headers(self, target: str, now: int) -> dict[str, str]:
        """The headers of a signed GET: an EIP-191 message that names deployment, path, empty body and time."""
        message = (
            f"usufruct oracle request\nchain {self.chain_id}\nanchor {self.anchor.lower()}\n"
            f"GET {target}\nbody {hex0x(keccak256(b''))}\ntime {now}"
        ).encode()
        prefix = b"\x19Ethereum Signed Message:\n" + str(len(message)).encode()
        return {
            "X-Usufruct-Address": address_of(self.key),
            "X-Usufruct-Time": str(now),
            "X-Usufruct-Signature": hex0x(sign_digest(self.key, keccak256(prefix + message))),
        }


class WorkerClient:
    """One worker at `url`; `reader` signs the requests where the worker is on another machine."""

    def __init__(
        self,
        url: str,
        reader: Reader | None = None,
        *,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        parts = urlsplit(url)
        self.name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._reader = reader
        self._clock = clock or SystemClock()
        self._http = httpx.Client(
            base_url=url,
            timeout=_TIMEOUT,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        """Closes its connections."""
        self._http.close()

    def batch(self, stream: int, seq: int) -> object | None:
        """Its document of a batch, None if it has none."""
        return self._get(f"/v1/batches/{stream}/{seq}")

    def statement(self, stream: int, period: int, version: int) -> object | None:
        """Its document of a statement, None if it has none."""
        return self._get(f"/v1/statements/{stream}/{period}/{version}")

    def verdicts(self, stream: int, period: int) -> object | None:
        """What it rejected in a period."""
        return self._get("/v1/verdicts?" + urlencode({"stream": stream, "period": period}))

    def _get(self, target: str) -> object | None:
        headers = self._reader.headers(target, self._clock.now()) if self._reader else {}
        try:
            with self._http.stream("GET", target, headers=headers) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return None
                if answer.status_code != httpx.codes.OK:
                    raise self._failed(f"status {answer.status_code}")
                body = self._body(answer)
        except httpx.HTTPError as error:
            raise self._failed(type(error).__name__) from None
        return load_json(body)

    def _body(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > _MOST_BYTES:
                raise InputError(
                    "the worker's answer is too large",
                    field="worker",
                    value=self.name,
                    rule=f"at most {_MOST_BYTES} bytes",
                    remedy="ask another worker",
                )
            parts.append(part)
        return b"".join(parts)

    def _failed(self, why: str) -> ChainError:
        return ChainError(
            f"no evidence from {self.name} ({why})",
            field="workers",
            value=self.name,
            rule="a worker must answer there",
            remedy="start it, or correct its address in the settings",
        )
