"""The secret of an interface: 32 bytes in a file of its own, made at the first start, never shown."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from usufruct.errors import ConfigError
from usufruct.keys import SecretBytes, require_private

__all__ = ["load_secret"]

_LENGTH: Final = 32


def load_secret(path: Path) -> SecretBytes:
    """The secret in `path`; a new one if there is no such file. ConfigError if it is open to others or unusable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Whole under another name first: two processes that start at once end with one secret.
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        if not path.exists():
            with os.fdopen(
                os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
            ) as file:
                file.write(secrets.token_hex(_LENGTH) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        require_private(path, "state")
        raw = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        raw = b""
    if len(raw) == _LENGTH:
        return SecretBytes(raw)
    raise ConfigError(
        "the secret of the interface cannot be used",
        field="state",
        value=str(path),
        rule="a file of 64 hexadecimal digits that only its owner reads",
        remedy="correct its permissions; or remove it: sign-ins under way and webhook secrets then change",
    )
