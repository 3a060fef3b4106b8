"""TLS on loopback, with real certificates: each side knows whom it speaks to."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.support.certificates import Issued, bundle, self_signed
from tests.unit.oracles_worker.fakes import ANCHOR, CHAIN_ID

from usufruct.clock import FixedClock
from usufruct.errors import ConfigError
from usufruct.keys import dev_account
from usufruct.listening import serving
from usufruct_oracles.auth import Realm
from usufruct_oracles.config import PeerConfig
from usufruct_oracles.peers import HttpPeer, Refused
from usufruct_oracles.tls import TlsConfig, client_context, server_context


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Issued]:
    return {name: self_signed(tmp_path, name) for name in ("alpha", "beta", "mallory")}


def settings(people: dict[str, Issued], name: str, *trusted: str) -> TlsConfig:
    own = people[name]
    ca = bundle(own.cert.with_suffix(".ca"), *(people[each] for each in trusted))
    return TlsConfig(own.cert, own.key, ca)


@contextmanager
def beta(config: TlsConfig) -> Iterator[str]:
    """A server with beta's certificate; its address."""
    app = FastAPI()

    @app.post("/question")
    def answer() -> dict[str, str]:
        return {"said": "yes"}

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with serving(app, listener, server_context(config)):
        yield f"https://127.0.0.1:{port}"


def ask(url: str, config: TlsConfig | None, pinned: Path | None = None) -> object:
    peer = HttpPeer(
        PeerConfig("beta", url, pinned),
        bytes(dev_account(4)),
        Realm(CHAIN_ID, ANCHOR),
        FixedClock(1_800_000_000),
        timeout=5.0,
        tls=client_context(config, pinned),
    )
    with peer:
        return peer.fetch("/question", {})


def test_both_show_certificates_that_the_other_trusts(people: dict[str, Issued]) -> None:
    with beta(settings(people, "beta", "alpha")) as url:
        alpha = settings(people, "alpha", "beta")
        assert ask(url, alpha) == {"said": "yes"}
        assert ask(url, alpha, people["beta"].cert) == {"said": "yes"}


@pytest.mark.parametrize("who", ["mallory", None])
def test_a_caller_without_a_trusted_certificate_is_not_let_in(
    people: dict[str, Issued], who: str | None
) -> None:
    with beta(settings(people, "beta", "alpha")) as url:
        config = None if who is None else settings(people, who, "beta")
        found = ask(url, config, people["beta"].cert)
        assert isinstance(found, Refused)
        assert found.code == "unreachable"


def test_a_server_with_another_certificate_than_the_pinned_one_hears_nothing(
    people: dict[str, Issued],
) -> None:
    """Mallory's certificate is of the authority, but it is not beta's."""
    with beta(settings(people, "mallory", "alpha")) as url:
        alpha = settings(people, "alpha", "beta", "mallory")
        assert ask(url, alpha) == {"said": "yes"}
        found = ask(url, alpha, people["beta"].cert)
        assert isinstance(found, Refused)
        assert "CERTIFICATE_VERIFY_FAILED" in found.detail


def test_plain_http_is_not_spoken_on_the_port(people: dict[str, Issued]) -> None:
    with beta(settings(people, "beta", "alpha")) as url, pytest.raises(httpx.HTTPError):
        httpx.post(url.replace("https", "http") + "/question", trust_env=False)


def test_without_settings_the_systems_rules_count() -> None:
    assert client_context(None, None) is None


def test_files_that_cannot_be_used_are_named(people: dict[str, Issued], tmp_path: Path) -> None:
    good = settings(people, "alpha", "beta")
    other = TlsConfig(good.cert, people["beta"].key, good.ca)
    with pytest.raises(ConfigError, match="cannot be used for TLS") as caught:
        server_context(other)
    assert caught.value.field == "worker.tls.cert"
    with pytest.raises(ConfigError) as caught:
        client_context(good, tmp_path / "absent.crt")
    assert caught.value.field == "worker.tls.ca"


def test_a_key_that_everybody_may_read_is_refused(people: dict[str, Issued]) -> None:
    config = settings(people, "alpha", "beta")
    config.key.chmod(0o644)
    with pytest.raises(ConfigError, match="open to everybody") as caught:
        server_context(config)
    assert "chmod 600" in caught.value.one_line()
