"""`kind = "push"`: an HTTP listener of its own, apart from the one for the other workers.

```toml
[[source]]
kind = "push"
listen = "127.0.0.1:7101"            # behind a proxy with TLS wherever the net is not private
inbox = "alpha-inbox.sqlite"         # what was taken and the journal does not have yet
tokens = "push-tokens.toml"          # who may push: see usufruct_oracles.sources.push.tokens
capacity = 100000                    # most deliveries that wait (503 beyond)
share = 20000                        # most of one token (429 beyond)
patience = "3d"                      # how long one half of a transaction waits for the other
gateway_key = { env = "NAME" }       # or { keystore = "…", password_env = "NAME" }: signs for meters registered
                                     # with gateway-secp256k1 and this key; not for development keys
devices = { charger-07 = "3059…" }   # keys of devices whose signatures the gateway answers for
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from usufruct.clock import SystemClock
from usufruct.config import Community
from usufruct.core.signing import public_key
from usufruct.keys import SecretBytes, load_key
from usufruct.listening import listening, serving
from usufruct_oracles.settings import Section
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.opening import Kind, Surroundings
from usufruct_oracles.sources.push.http import Desk, create_app
from usufruct_oracles.sources.push.inbox import Inbox
from usufruct_oracles.sources.push.source import PushSource
from usufruct_oracles.sources.push.tokens import Tokens, load_tokens
from usufruct_oracles.sources.sealing import SCHEME

_CAPACITY, _SHARE = 100_000, 20_000


@dataclass(frozen=True, slots=True)
class PushSettings:
    """The settings of a listener for pushes.

    Attributes:
        section: The table they were read from.
        host: Host it listens on.
        port: Its port.
        inbox: Path of the inbox.
        tokens: Who may push.
        capacity: Most deliveries that wait.
        share: Most of one token.
        patience: Seconds for which a delivery waits for others that belong to it.
        gateway: How the gateway's key is found; None if no meter needs one.
        devices: Keys of devices by the code of their meter.
    """

    section: Section
    host: str
    port: int
    inbox: Path
    tokens: Tokens
    capacity: int
    share: int
    patience: int
    gateway: Mapping[str, object] | None
    devices: Mapping[str, str]

    def open(self, surroundings: Surroundings) -> PushSource:
        """The inbox as a source, and the listener that fills it until the worker stops."""
        clock = SystemClock()
        gateway = Gateway(
            {each.code: each for each in surroundings.community.meters},
            self._key(surroundings),
            self.devices,
        )
        listener = surroundings.stack.enter_context(
            listening(self.host, self.port, "source.listen", self.section.document.path)
        )
        inbox = Inbox(self.inbox, self.capacity, self.share)
        surroundings.stack.callback(inbox.close)
        desk = Desk(inbox, self.tokens, gateway, clock)
        surroundings.stack.enter_context(serving(create_app(desk), listener))
        return PushSource(inbox, gateway, clock, self.patience)

    def erase(self, _: Community, _stream: str, meter: str) -> int:
        """Takes a meter's deliveries out of the inbox; see `sources.opening.Erasing`."""
        if not self.inbox.exists():
            return 0
        inbox = Inbox(self.inbox, self.capacity, self.share)
        try:
            return min(inbox.erase(meter), 1)
        finally:
            inbox.close()

    def shared(self, _: Community, _meter: str) -> list[Path]:
        """None: each delivery is of one meter."""
        return []

    def _key(self, surroundings: Surroundings) -> SecretBytes | None:
        if self.gateway is None:
            return None
        key = load_key(self.gateway, chain_id=surroundings.chain_id)
        _require_registered(self.section, surroundings.community, key)
        return key


def _require_registered(section: Section, community: Community, key: SecretBytes) -> None:
    """A key with which no meter is registered would sign only what is rejected later."""
    wanted = public_key(SCHEME, bytes(key))
    if not any(each.scheme == SCHEME and each.public_key == wanted for each in community.meters):
        rule = f"the key with which meters of the scheme {SCHEME} are registered"
        raise section.error("gateway_key", "…", rule, "name its public key in the community file")


def _read(section: Section) -> PushSettings:
    host, port = section.address("listen")
    capacity, share = section.get("capacity", int, _CAPACITY), section.get("share", int, _SHARE)
    for key, value in (("capacity", capacity), ("share", share)):
        if value < 1:
            raise section.error(key, value, "at least 1", "correct the value")
    return PushSettings(
        section=section,
        host=host,
        port=port,
        inbox=section.path("inbox"),
        tokens=load_tokens(section.path("tokens")),
        capacity=capacity,
        share=share,
        patience=int(section.seconds("patience", "3d")),
        gateway=section.table("gateway_key") if "gateway_key" in section.values else None,
        devices=_devices(section),
    )


def _devices(section: Section) -> Mapping[str, str]:
    devices = section.table("devices") if "devices" in section.values else {}
    for code, key in devices.items():
        if not isinstance(key, str):
            rule = "the device's public key in hexadecimal or base64, by the code of its meter"
            raise section.error("devices", code, rule, "correct the value")
    return {code: key for code, key in devices.items() if isinstance(key, str)}


KIND: Final = Kind(
    keys={
        *("listen", "inbox", "tokens", "capacity", "share"),
        *("patience", "gateway_key", "devices"),
    },
    read=_read,
)
"""`kind = "push"`."""
