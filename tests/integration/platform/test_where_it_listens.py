"""Where `usufruct serve` listens: told before anything is begun, and what people sign in to."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.integration.platform.kit import HOLDERS, Kit
from tests.integration.platform.test_serve import serving
from typer.testing import CliRunner

from usufruct.cli import build
from usufruct.errors import ConfigError
from usufruct.listening import authority, listening


def test_a_chosen_port_is_that_of_the_message_to_sign(
    kit: Kit, tmp_path: Path, record: Path
) -> None:
    with serving(kit, tmp_path, record) as server:
        url = f"{server.url}/v1/auth/challenge"
        message = httpx.post(url, json={"address": HOLDERS[0]}).json()["message"]
    where = server.url.removeprefix("http://")
    assert message.startswith(f"{where} wants you to sign in")
    assert f"URI: {server.url}\n" in message


def test_a_taken_port_is_told_in_one_line_before_anything_runs(
    kit: Kit, tmp_path: Path, record: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["--rpc", kit.anvil.url, "--deployment", str(record), "--state", str(tmp_path)]
        result = CliRunner().invoke(build("serve"), ["serve", *arguments, "--port", port])
    assert isinstance(result.exception, ConfigError)
    assert result.exception.value == f"127.0.0.1:{port}"
    assert "another port" in (result.exception.remedy or "")
    assert "caught up" not in capfd.readouterr().err + result.output


def test_addresses_of_ipv6_are_listened_on_and_written_with_brackets() -> None:
    try:
        listener = listening("::1", 0, "host")
    except ConfigError:
        pytest.skip("this machine has no IPv6")
    with closing(listener):
        assert listener.family == socket.AF_INET6
        port = listener.getsockname()[1]
        with pytest.raises(ConfigError) as taken:
            listening("::1", port, "ops")
    assert taken.value.value == authority("::1", port) == f"[::1]:{port}"
    assert authority("10.0.0.1", 80) == "10.0.0.1:80"
