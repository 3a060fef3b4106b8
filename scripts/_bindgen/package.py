"""The text of the package itself."""

TEMPLATE = '''"""Typed bindings of the contracts: one module per contract, without any I/O.

@GENERATED@
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from usufruct.contracts._runtime import (
    ZERO_ADDRESS,
    Address,
    Artifact,
    Call,
    ContractError,
    DecodeError,
    EncodeError,
    Event,
    Panic,
    RevertReason,
    address,
    decode_error,
)

__all__ = [
    "EVENTS_BY_TOPIC",
    "MODULES",
    "ZERO_ADDRESS",
    "Address",
    "Artifact",
    "Call",
    "ContractError",
    "DecodeError",
    "EncodeError",
    "Event",
    "Panic",
    "RevertReason",
    "address",
    "all_errors",
    "all_modules",
    "decode_error",
    "events_by_topic",
]

MODULES: Final[tuple[str, ...]] = (@MODULES@)
"""Names of the modules, one per contract."""

EVENTS_BY_TOPIC: Mapping[bytes, type[Event]]
"""The events of all contracts by their first topic; built at the first use."""


@cache
def all_modules() -> tuple[ModuleType, ...]:
    """The modules of all contracts."""
    return tuple(import_module(f"{__name__}.{name}") for name in MODULES)


@cache
def events_by_topic() -> Mapping[bytes, type[Event]]:
    """The events of all contracts by their first topic."""
    return {topic: event for module in all_modules() for topic, event in module.EVENTS.items()}


def all_errors() -> tuple[type[ContractError], ...]:
    """The custom errors of all contracts."""
    return tuple(dict.fromkeys(error for module in all_modules() for error in module.ERRORS))


def __getattr__(name: str) -> Any:
    if name == "EVENTS_BY_TOPIC":
        return events_by_topic()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
'''
