"""The gateway's seal on what devices did not sign (protocol §4a): the record says that it is the gateway's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from usufruct.config import Meter
from usufruct.core.signing import sign_record
from usufruct.errors import ConfigError
from usufruct.keys import dev_meter_key
from usufruct_oracles.sources.messages import Message, envelope

SCHEME: Final = "gateway-secp256k1"
"""Scheme of what the gateway signs."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs for the meters of a community that do not sign themselves.

    Attributes:
        meters: The meters, by code.
        key_of: The private key with which it signs for a meter, 32 bytes.
    """

    meters: Mapping[str, Meter]
    key_of: Callable[[Meter], bytes] = field(repr=False)

    def message(self, source: str, code: str, form: str, raw: bytes) -> Message:
        """The signed message of a meter; the same bytes give the same message.

        Args:
            source: Where the bytes came from, for people.
            code: Code of the meter.
            form: Form of the bytes.
            raw: The bytes.

        Raises:
            ConfigError: As for `require`.
        """
        meter = self.require(code)
        payload = envelope(meter.stream, code, form, raw)
        signature = sign_record(SCHEME, self.key_of(meter), payload)
        return Message(source, meter.stream, code, form, payload, SCHEME, signature)

    def require(self, code: str) -> Meter:
        """The meter of that code.

        Raises:
            ConfigError: There is none, or it has a key of its own, which the gateway must not stand in for.
        """
        meter = self.meters.get(code)
        if meter is None:
            raise ConfigError(
                f"unknown meter {code}",
                field="meter",
                value=code,
                rule="a meter of the community file",
                remedy="correct the code in the mapping, or register the meter first",
            )
        if meter.scheme != SCHEME:
            raise ConfigError(
                f"meter {code} signs itself",
                field="meter.scheme",
                value=meter.scheme,
                rule=f"only meters with scheme {SCHEME} are signed for",
                remedy="take the meter out of the mapping, or register it with the gateway's key",
            )
        return meter


def dev_key(meter: Meter) -> bytes:
    """The key of a meter of a development community.

    Raises:
        ConfigError: The meter has a key of its own.
    """
    if not meter.dev:
        raise ConfigError(
            f"meter {meter.code} has a key of its own",
            field="source.gateway_key",
            value="missing",
            rule="only development keys are known without it",
            remedy='name the gateway\'s key: { keystore = "…", password_env = "NAME" }',
        )
    return dev_meter_key(meter.code)
