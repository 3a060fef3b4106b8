"""Requests to workers: signed where they must be, bounded always."""

from __future__ import annotations

import httpx
import pytest

from usufruct.clock import FixedClock
from usufruct.core.encoding import unhex
from usufruct.core.keccak import keccak256
from usufruct.core.signing import address_of, recover
from usufruct.errors import ChainError, InputError
from usufruct.index import workers
from usufruct.index.workers import Reader, WorkerClient

KEY = b"\1" * 32
ANCHOR = "0x" + "Ab" * 20


def client(answer: httpx.Response | Exception, **options: object) -> WorkerClient:
    def handle(request: httpx.Request) -> httpx.Response:
        handle.request = request  # type: ignore[attr-defined]
        if isinstance(answer, Exception):
            raise answer
        return answer

    made = WorkerClient(
        "http://user:secret@worker:81/", transport=httpx.MockTransport(handle), **options
    )  # type: ignore[arg-type]
    made.handle = handle  # type: ignore[attr-defined]
    return made


def test_a_signed_request_names_its_signer_place_and_time() -> None:
    worker = client(
        httpx.Response(200, json={"a": 1}), reader=Reader(KEY, 31337, ANCHOR), clock=FixedClock(1_790_000_000)
    )  # fmt: skip
    assert worker.verdicts(1, 2) == {"a": 1}
    request = worker.handle.request  # type: ignore[attr-defined]
    text = (
        f"usufruct oracle request\nchain 31337\nanchor {ANCHOR.lower()}\n"
        f"GET /v1/verdicts?stream=1&period=2\nbody 0x{keccak256(b'').hex()}\ntime 1790000000"
    ).encode()
    digest = keccak256(b"\x19Ethereum Signed Message:\n%d" % len(text) + text)
    assert recover(digest, unhex(request.headers["X-Usufruct-Signature"])) == address_of(KEY)
    assert request.headers["X-Usufruct-Address"] == address_of(KEY)
    assert str(request.url.raw_path, "ascii") == "/v1/verdicts?stream=1&period=2"


def test_what_a_worker_does_not_have_is_none() -> None:
    assert client(httpx.Response(404)).batch(1, 2) is None
    assert client(httpx.Response(404)).statement(1, 2, 1) is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://x"}),
        httpx.ReadTimeout("slow"),
    ],
)
def test_a_failure_names_the_worker_without_its_secrets(answer: httpx.Response | Exception) -> None:
    with pytest.raises(ChainError) as caught:
        client(answer).batch(1, 2)
    assert "http://worker:81" in caught.value.one_line()
    assert "secret" not in caught.value.one_line()


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_MOST_BYTES", 10)
    with pytest.raises(InputError, match="too large"):
        client(httpx.Response(200, json={"a": "x" * 20})).batch(1, 2)


def test_an_answer_that_is_not_json_is_refused() -> None:
    with pytest.raises(InputError):
        client(httpx.Response(200, text="<html>")).batch(1, 2)
