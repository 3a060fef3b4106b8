"""The program `usufruct`: the commands of all parts under one roof.

Each part has a module `<part>.cli` with `register(app)`, which adds its commands. Errors a person
can put right become one line on stderr and exit code 2; anything else is a defect and shows its
traceback only with USUFRUCT_DEBUG=1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

import typer

from usufruct.chain.explain import explain
from usufruct.contracts import ContractError
from usufruct.errors import ConfigError, UsufructError

__all__ = ["PARTS", "build", "main"]

PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "plan": "usufruct.deploy.cli",
        "apply": "usufruct.deploy.cli",
        "health": "usufruct.deploy.health_cli",
        "index": "usufruct.index.cli",
        "serve": "usufruct.api.cli",
        "keep": "usufruct.keeper.cli",
        "fund": "usufruct.keeper.cli",
        "records": "usufruct.keeper.cli",
        "payouts": "usufruct.api.cli",
        "positions": "usufruct.api.cli",
        "look-through": "usufruct.api.cli",
        "reconcile": "usufruct.api.cli",
        "keys": "usufruct.api.cli",
        "verify": "usufruct.proof.cli",
        "dispute": "usufruct.disputes.cli",
        "replay": "usufruct.replay.cli",
        "audit": "usufruct.audit.cli",
        "verify-receipt": "usufruct.audit.readings_cli",
        "verify-range": "usufruct.audit.readings_cli",
        "value": "usufruct.finance.cli",
        "score": "usufruct.finance.cli",
        "risk": "usufruct.finance.cli",
        "forecast": "usufruct.finance.cli",
        "structure": "usufruct.finance.structures.cli",
        "statement": "usufruct.exports.cli",
        "tax-summary": "usufruct.exports.cli",
        "register": "usufruct.exports.cli",
        "bank": "usufruct.exports.bank.cli",
        "doctor": "usufruct.ops.cli",
        "backup": "usufruct.ops.cli",
        "restore": "usufruct.ops.cli",
        "pack": "usufruct.finance.pack.cli",
    }
)
"""The module with the `register` function by command; a part is imported when its command is used."""

_FAILED: Final = 2
_DEBUG: Final = "USUFRUCT_DEBUG"


def build(command: str = "") -> typer.Typer:
    """The program with the part that has `command`, or with all parts if none has it."""
    app = typer.Typer(
        name="usufruct",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_usufruct)
    parts = [PARTS[command]] if command in PARTS else dict.fromkeys(PARTS.values())
    for part in parts:
        import_module(part).register(app)
    return app


def _usufruct() -> None:
    """Signed meter readings anchored on a chain, and the income they earn paid to holders."""


def main() -> None:
    """Entry point of the program."""
    try:
        build(next(iter(sys.argv[1:]), ""))()
    except (UsufructError, ContractError) as error:
        if os.environ.get(_DEBUG) == "1":
            raise
        for line in _lines(error):
            typer.echo(line, err=True)
        sys.exit(_FAILED)
    except Exception as error:  # the last resort of a program
        if os.environ.get(_DEBUG) == "1":
            raise
        if (away := _database(error)) is not None:
            typer.echo(away.one_line(), err=True)
            sys.exit(_FAILED)
        typer.echo(
            f"usufruct: {type(error).__name__}: this is a defect; "
            f"set {_DEBUG}=1 to see where, and report it",
            err=True,
        )
        sys.exit(_FAILED)


def _database(error: Exception) -> ConfigError | None:
    """What is said of a database that did not answer or has no room; None for any other error.

    SQLAlchemy is not imported for it: a command that does without has no such error.
    """
    loaded = sys.modules.get("sqlalchemy.exc")
    if loaded is None or not isinstance(error, (loaded.OperationalError, loaded.InterfaceError)):
        return None
    said = str(error.orig).strip().splitlines()
    return ConfigError(
        "the database does not answer",
        field="database",
        value=said[0] if said else type(error.orig).__name__,
        rule="must answer, and be writable on a disk with room",
        remedy="make room, or wait until whoever holds it is done, and run the command again",
    )


def _lines(error: UsufructError | ContractError) -> list[str]:
    if isinstance(error, ContractError):
        return [f"refused by the contract: {explain(error)}"]
    problems: tuple[UsufructError, ...] = getattr(error, "problems", (error,))
    return [each.one_line() for each in problems]
