"""EIP-712: struct types, their digests, and the domain in which a signature is valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from usufruct.core.encoding import unhex
from usufruct.core.keccak import keccak256
from usufruct.errors import InputError

NAME = "Usufruct"
"""Name in the domain."""
VERSION = "1"
"""Version in the domain."""

_DOMAIN_TYPE_HASH = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_NAME_HASH = keccak256(NAME.encode())
_VERSION_HASH = keccak256(VERSION.encode())
_WORD = 32


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature is valid.

    Attributes:
        chain_id: Chain id.
        contract: Verifying contract: TelemetryAnchor for batches, StatementBook for statements,
            DvpDesk for orders.
    """

    chain_id: int
    contract: str

    @property
    def separator(self) -> bytes:
        """The domain separator (32 bytes).

        Raises:
            InputError: `contract` is not an address.
        """
        return _separator(self.chain_id, self.contract)


class StructType:
    """A struct type: encodes its members in order, each checked against its width."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hash = keccak256(text.encode())
        name, _, members = text.removesuffix(")").partition("(")
        self._name = name
        self._members = [_member(each) for each in members.split(",")]

    def encode(self, values: Sequence[int | bytes]) -> bytes:
        """The members' words, joined."""
        words = []
        for (name, kind, bits), value in zip(self._members, values, strict=True):
            word = _word(value, bits)
            if word is None:
                raise _misfit(f"{self._name}.{name}", value, kind)
            words.append(word)
        return b"".join(words)

    def digest(self, separator: bytes, values: Sequence[int | bytes]) -> bytes:
        """The EIP-712 digest of a struct in a domain."""
        return keccak256(b"\x19\x01" + separator + keccak256(self.hash + self.encode(values)))


def _member(text: str) -> tuple[str, str, int]:
    """Name, type and bits of a member: 0 for bytes32, 1 for bool, negative for signed integers.

    An address is its number.
    """
    kind, _, name = text.partition(" ")
    if kind == "address":
        return name, kind, 160
    if kind.startswith("bytes"):
        return name, kind, 0
    if kind == "bool":
        return name, kind, 1
    return name, kind, int(kind.partition("int")[2]) * (1 if kind.startswith("u") else -1)


def _word(value: int | bytes, bits: int) -> bytes | None:
    if isinstance(value, bytes):
        return value if bits == 0 and len(value) == _WORD else None
    if bits > 0:
        return None if value >> bits else value.to_bytes(_WORD, "big")
    if bits < 0 and value >> -bits - 1 in (0, -1):
        return value.to_bytes(_WORD, "big", signed=True)
    return None


def _misfit(field: str, value: object, kind: str) -> InputError:
    return InputError(
        "a field does not fit its type",
        field=field,
        value=value,
        rule=f"must be a {kind}",
        remedy="check the figures the document is made from",
    )


@lru_cache(maxsize=256)
def _separator(chain_id: int, contract: str) -> bytes:
    address = unhex(contract, 20)
    return keccak256(
        b"".join(
            (
                _DOMAIN_TYPE_HASH,
                _NAME_HASH,
                _VERSION_HASH,
                chain_id.to_bytes(_WORD, "big"),
                address.rjust(_WORD, b"\x00"),
            )
        )
    )
