"""Where webhooks may go: to the internet, never to this machine, its network, or a cloud's metadata.

A name is resolved right before the request and the request goes to that very address, so that a name that points
somewhere else a moment later (DNS rebinding) reaches nothing. Redirects are not followed.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from usufruct.errors import ChainError, InputError

__all__ = ["Resolver", "Target", "parse_target", "resolved", "system_resolver"]

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Addresses of a host and port."""

_LONGEST: Final = 1_024
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PORTS: Final = {"https": 443, "http": 80}


class Target(NamedTuple):
    """A checked URL."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a Host header tells them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: str) -> str:
        """The URL with the host replaced by its address."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_target(url: str, *, loopback: bool) -> Target:
    """The parts of a webhook's URL. Raises InputError if it may not be called; `loopback` allows any address."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _refused(url, "a URL") from None
    if (
        len(url) > _LONGEST
        or not url.isascii()
        or not url.isprintable()
        or " " in url
        or "\\" in url
    ):
        raise _refused(url, f"at most {_LONGEST} ASCII characters without spaces")
    if parts.scheme not in (("https", "http") if loopback else ("https",)):
        raise _refused(url, "https")
    if not host or "@" in parts.netloc or parts.fragment:
        raise _refused(url, "a host, without a user name or fragment")
    literal = _literal(host)
    if literal is not None and not loopback and not is_public(literal):
        raise _refused(url, "a public address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def resolved(target: Target, resolve: Resolver, *, loopback: bool) -> str:
    """The address to call now.

    Raises:
        InputError: One of the host's addresses is not public: none is called.
        ChainError: The name cannot be resolved now.
    """
    try:
        found = list(dict.fromkeys(resolve(target.host, target.port)))
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise ChainError(f"{target.host} cannot be resolved", remedy="it is tried again")
    if not loopback and not all(is_public(ip_address(each.partition("%")[0])) for each in found):
        raise _refused(target.host, "a name of public addresses only")
    return found[0]


def is_public(address: Address) -> bool:
    """Whether an address belongs to the internet, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Asks the system."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _literal(host: str) -> Address | None:
    """The address that a host is written as, also in the short and octal forms that C libraries take."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _refused(value: str, rule: str) -> InputError:
    return InputError(
        "this cannot be called by a webhook",
        field="url",
        value=value,
        rule=f"must be {rule}",
        remedy="name a public https address; loopback_webhooks = true allows others",
    )
