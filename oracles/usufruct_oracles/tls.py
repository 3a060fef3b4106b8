"""TLS between workers: both sides show a certificate.

A peer's certificate is pinned by naming its file, or it comes from the site's own authority. The server lets nobody in
who shows no certificate of that authority. TLS says which machine is spoken to; who may ask for a
signature is still decided by the request's own signature and the table on the chain.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from usufruct.errors import ConfigError
from usufruct.keys import require_private


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """This worker's certificate and the authority of its peers.

    Attributes:
        cert: Certificate chain, PEM.
        key: Its private key, PEM; nobody else may read it.
        ca: Certificates that clients and peers must descend from, PEM; pinned ones may stand here themselves.
    """

    cert: Path
    key: Path
    ca: Path


def server_context(config: TlsConfig) -> ssl.SSLContext:
    """Accepts only clients with a certificate of the authority.

    Raises:
        ConfigError: A file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _prepare(context, config, config.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(config: TlsConfig | None, pinned: Path | None) -> ssl.SSLContext | None:
    """Shows this worker's certificate and accepts the pinned one, or one of the authority for the peer's name.

    Args:
        config: This worker's TLS settings; without them no certificate is shown.
        pinned: The peer's own certificate. It is the identity: the name in it does not matter.

    Returns:
        None if there is neither: the system's authorities count.

    Raises:
        ConfigError: A file cannot be used.
    """
    if config is None and pinned is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if pinned is not None:
        context.check_hostname = False
    _prepare(context, config, pinned or (config.ca if config is not None else None))
    return context


def _prepare(context: ssl.SSLContext, config: TlsConfig | None, trusted: Path | None) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # A pinned certificate is no authority: it is trusted by itself.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    if config is not None:
        require_private(config.key, "worker.tls.key")
        _load(
            "worker.tls.cert", config.cert, lambda: context.load_cert_chain(config.cert, config.key)
        )
    if trusted is not None:
        _load("worker.tls.ca", trusted, lambda: context.load_verify_locations(trusted))


def _load(field: str, path: Path, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{path} cannot be used for TLS",
            field=field,
            value=str(path),
            rule="readable PEM; the key belongs to the certificate",
            remedy="check path, permissions and contents",
        ) from error
