"""What every generated binding stands on: encoding, decoding, calls, events and errors.

Nothing here talks to a node. A binding turns typed arguments into call data and bytes from the chain
into typed values; who sends the bytes, and how, is the business of `usufruct.chain`.

    Exception
    ├── ContractError            a revert decoded into the Solidity error that caused it
    │   ├── (generated classes)  one per custom error
    │   ├── RevertReason         require(…, "text") and revert("text")
    │   └── Panic                assert, overflow, division by zero, …
    └── ValueError
        ├── EncodeError          an argument that does not fit its Solidity type
        └── DecodeError          bytes that are not what the ABI promises
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from eth_abi.codec import ABICodec
from eth_abi.encoding import AddressEncoder, BytesEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as default_registry
from eth_typing import ChecksumAddress
from eth_utils.address import is_address, is_checksum_formatted_address, to_checksum_address

Address = ChecksumAddress
"""A checksummed account or contract address."""

Mutability = Literal["pure", "view", "nonpayable", "payable"]
"""What a function may do to the state, as the ABI says it."""

R = TypeVar("R")
WORD = 32


class EncodeError(ValueError):
    """An argument does not fit the Solidity type it is meant for."""


class DecodeError(ValueError):
    """The bytes are not what the ABI promises; often the address holds no such contract."""


# --- Addresses -----------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def address(value: str | bytes) -> Address:
    """The checksummed form of an address given as 20 bytes or as hex text, whose checksum must be right.

    Text in only lower or only upper case carries no checksum and is taken as it is.
    """
    if not is_address(value):
        raise EncodeError(f"{value!r} is not an address")
    checked = to_checksum_address(value)
    if is_checksum_formatted_address(value) and value != checked:
        raise EncodeError(f"{value!r} is not an address: its checksum is wrong")
    return checked


ZERO_ADDRESS = address(bytes(20))
"""The address that stands for nobody."""


# --- Encoding and decoding -----------------------------------------------------------------------


class _ExactBytesEncoder(BytesEncoder):
    """Encodes `bytesN` from exactly N bytes; eth_abi itself would pad shorter values silently."""

    def validate_value(self, value: object) -> None:
        super().validate_value(value)  # type: ignore[no-untyped-call]  # eth_abi has no types here
        bits: Any = self.value_bit_size
        size = bits // 8
        if len(value) != size:  # type: ignore[arg-type]  # proven to be bytes by the line above
            self.invalidate_value(value, msg=f"bytes{size} takes exactly {size} bytes")


class _CheckedAddressEncoder(AddressEncoder):
    """Encodes only addresses whose checksum is right."""

    @classmethod
    def validate_value(cls, value: Any) -> None:
        super().validate_value(value)  # type: ignore[no-untyped-call]  # eth_abi has no types here
        address(value)


@cache
def _codec() -> ABICodec:
    registry = default_registry.copy()  # type: ignore[no-untyped-call]  # eth_abi again
    registry.unregister_encoder("bytes<M>")
    exact = BaseEquals("bytes", with_sub=True)  # type: ignore[no-untyped-call]  # eth_abi again
    registry.register_encoder(exact, _ExactBytesEncoder, label="bytes<M>")
    registry.unregister_encoder("address")
    plain = BaseEquals("address")  # type: ignore[no-untyped-call]  # eth_abi again
    registry.register_encoder(plain, _CheckedAddressEncoder, label="address")
    return ABICodec(registry)


def encode(types: Sequence[str], values: Sequence[object], prefix: bytes = b"") -> bytes:
    """`prefix` followed by the ABI encoding of `values`, which must fit `types` exactly."""
    try:
        return prefix + _codec().encode(types, values)
    except (EncodingError, TypeError, ValueError, OverflowError) as error:
        raise EncodeError(f"cannot encode as ({','.join(types)}): {error}") from error


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values in `data`, which must hold `types` and be well-formed."""
    try:
        return _codec().decode(types, data)
    except (DecodingError, ValueError, OverflowError) as error:
        raise DecodeError(f"{len(data)} bytes are not ({','.join(types)}): {error}") from error


# --- Calls ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """One call of a contract function, ready to be sent or asked of a node."""

    contract: str
    """Name of the Solidity contract."""
    name: str
    """Name of the Solidity function."""
    data: bytes
    """Selector and encoded arguments."""
    mutability: Mutability
    decoder: Callable[[bytes], R] = field(repr=False, compare=False)

    def decode(self, output: bytes) -> R:
        """The typed result in the bytes that the node returned."""
        return self.decoder(output)


class Function(Generic[R]):
    """The ABI of one function: makes calls and reads their results."""

    __slots__ = ("_build", "_inputs", "_outputs", "contract", "mutability", "selector", "signature")

    def __init__(
        self,
        contract: str,
        signature: str,
        selector: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        mutability: Mutability,
        build: Callable[[tuple[Any, ...]], R],
    ) -> None:
        self.contract = contract
        self.signature = signature
        self.selector = bytes.fromhex(selector)
        self.mutability: Mutability = mutability
        self._inputs = inputs
        self._outputs = outputs
        self._build = build

    def call(self, *values: object) -> Call[R]:
        """The call with these arguments, already in the shape eth_abi takes."""
        name = self.signature.partition("(")[0]
        try:
            data = encode(self._inputs, values, self.selector)
        except EncodeError as error:
            raise EncodeError(f"{self.contract}.{name}: {error}") from error
        return Call(self.contract, name, data, self.mutability, self.result)

    def result(self, output: bytes) -> R:
        """The typed result in `output`."""
        try:
            return self._build(decode(self._outputs, output))
        except ValueError as error:
            raise DecodeError(f"{self.contract}.{self.signature}: {error}") from error


def nothing(_: tuple[Any, ...]) -> None:
    """The result of a function that returns nothing."""


# --- Events --------------------------------------------------------------------------------------


class Event:
    """Base of all generated events: frozen records that decode themselves from a log."""

    __slots__ = ()

    NAME: ClassVar[str]
    SIGNATURE: ClassVar[str]
    TOPIC: ClassVar[bytes]

    @classmethod
    def decode(cls, topics: Sequence[bytes], data: bytes) -> Self:
        """The event in a log with these topics and this data."""
        raise NotImplementedError


def bad_log(event: type[Event], topics: Sequence[bytes], data: bytes) -> DecodeError:
    """The error for a log that does not have the shape of `event`."""
    first = topics[0].hex() if topics else "none"
    return DecodeError(
        f"not a log of {event.SIGNATURE}: {len(topics)} topics, the first {first}, {len(data)} bytes"
    )


# --- Errors --------------------------------------------------------------------------------------


class ContractError(Exception):
    """Base of all generated errors: a revert, decoded into its name and fields."""

    NAME: ClassVar[str]
    SIGNATURE: ClassVar[str]
    SELECTOR: ClassVar[bytes]
    FIELDS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The error in revert data, which begins with the selector."""
        raise NotImplementedError

    def values(self) -> tuple[Any, ...]:
        """The fields in the order of the Solidity declaration."""
        return tuple(getattr(self, name) for name in self.FIELDS)

    def __str__(self) -> str:
        pairs = zip(self.FIELDS, self.values(), strict=True)
        return f"{self.NAME}({', '.join(f'{name}={_shown(value)}' for name, value in pairs)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ContractError):
            return NotImplemented
        return type(self) is type(other) and self.values() == other.values()

    def __hash__(self) -> int:
        return hash((type(self), self.values()))

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        return type(self), self.values()


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value)


@dataclass(eq=False)
class RevertReason(ContractError):
    """`require(condition, "text")` failed, or the contract said `revert("text")`."""

    NAME: ClassVar[str] = "Error"
    SIGNATURE: ClassVar[str] = "Error(string)"
    SELECTOR: ClassVar[bytes] = bytes.fromhex("08c379a0")
    FIELDS: ClassVar[tuple[str, ...]] = ("message",)

    message: str

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The error in revert data."""
        return cls(decode(("string",), data[4:])[0])


_PANICS: Mapping[int, str] = {
    0x00: "generic panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value outside its enum",
    0x22: "broken storage byte array",
    0x31: "pop of an empty array",
    0x32: "index out of bounds",
    0x41: "out of memory",
    0x51: "call of an uninitialised function",
}


@dataclass(eq=False)
class Panic(ContractError):
    """The compiler's own checks failed."""

    NAME: ClassVar[str] = "Panic"
    SIGNATURE: ClassVar[str] = "Panic(uint256)"
    SELECTOR: ClassVar[bytes] = bytes.fromhex("4e487b71")
    FIELDS: ClassVar[tuple[str, ...]] = ("code",)

    code: int

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """The error in revert data."""
        return cls(decode(("uint256",), data[4:])[0])

    def __str__(self) -> str:
        return f"Panic({self.code:#04x}: {_PANICS.get(self.code, 'unknown')})"


def decode_error(data: bytes) -> ContractError | None:
    """The Solidity error in revert data, or None when no known contract declares such an error."""
    known = _errors().get(bytes(data[:4]))
    if known is None:
        return None
    try:
        return known.decode(data)
    except ValueError:
        return None


@cache
def _errors() -> Mapping[bytes, type[ContractError]]:
    found: Iterable[type[ContractError]] = import_module("usufruct.contracts").all_errors()
    every: list[type[ContractError]] = [RevertReason, Panic, *found]
    return {error.SELECTOR: error for error in every}


# --- Artefacts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Artifact:
    """The compiled contract: what is needed to deploy it and to recognise it on a chain."""

    name: str
    abi: Sequence[Mapping[str, Any]]
    bytecode: str
    deployed_bytecode: str
    immutables: Sequence[tuple[int, int]]
    """Start and length, in the deployed code, of the values set by the constructor."""
    links: Mapping[str, Sequence[int]]
    """Where the creation code takes the addresses of libraries (byte offsets by library name)."""
    compiler: str
    source_hash: str

    def creation_code(self, libraries: Mapping[str, Address] | None = None) -> bytes:
        """The bytes that create the contract, before its constructor arguments."""
        given = libraries or {}
        if set(given) != set(self.links):
            raise EncodeError(
                f"{self.name} links {sorted(self.links) or 'no library'}, got {sorted(given)}"
            )
        code = self.bytecode
        for library, offsets in self.links.items():
            for at in offsets:
                code = code[: 2 * at] + given[library][2:].lower() + code[2 * at + 40 :]
        return bytes.fromhex(code)

    def matches(self, code: bytes) -> bool:
        """Whether `code`, read from a chain, is this contract (immutable values are not compared)."""
        expected = self.deployed_bytecode
        found = bytes(code).hex()
        for start, length in self.immutables:
            blank = "0" * (2 * length)
            expected = expected[: 2 * start] + blank + expected[2 * (start + length) :]
            found = found[: 2 * start] + blank + found[2 * (start + length) :]
        return expected == found


@cache
def artifact(package: str, name: str) -> Artifact:
    """The committed artefact of the contract `name` among the bindings of `package`."""
    raw = json.loads((files(package) / "artifacts" / f"{name}.json").read_text(encoding="utf-8"))
    return Artifact(
        name=raw["contract"],
        abi=raw["abi"],
        bytecode=raw["bytecode"],
        deployed_bytecode=raw["deployedBytecode"],
        immutables=tuple((each["start"], each["length"]) for each in raw["immutables"]),
        links=raw["links"],
        compiler=raw["compiler"],
        source_hash=raw["sourceHash"],
    )
