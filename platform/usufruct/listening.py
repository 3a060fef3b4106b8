"""An HTTP server in a thread of its own, on a socket that was opened before anything else was done."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from usufruct.errors import ConfigError

_SHUTDOWN_SECONDS = 5


def listening(host: str, port: int, field: str, file: Path | None = None) -> socket.socket:
    """A socket that listens; a host with colons is of IPv6.

    Raises:
        ConfigError: The address is not of this machine, or the port is taken.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"cannot listen: {error.strerror}",
            file=None if file is None else str(file),
            field=field,
            value=authority(host, port),
            rule="an address of this machine with a free port",
            remedy="choose another port, or stop what listens there",
        ) from error


def authority(host: str, port: int) -> str:
    """Host and port as an address has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextlib.contextmanager
def serving(app: Any, listener: socket.socket, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Serve an ASGI application, with TLS if there is a context; at the end, what is under way is finished first."""
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,  # who is local is judged by the connection itself
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        ssl_context_factory=None if tls is None else lambda *_: tls,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * _SHUTDOWN_SECONDS)
