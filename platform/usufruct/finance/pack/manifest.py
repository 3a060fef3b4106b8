"""The manifest of a dossier: sha256 and Keccak-256 of every file; its own hash is what is anchored."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from usufruct.chain import crash
from usufruct.core.encoding import canonical_json, hex0x, load_json
from usufruct.core.keccak import keccak256
from usufruct.errors import ConfigError, EvidenceError, InputError
from usufruct.finance.numbers import refused

__all__ = ["FORMAT", "NAME", "Manifest", "check_files", "manifest_of", "read_manifest", "write"]

FORMAT: Final = "usufruct/pack-manifest/1"
"""Format of manifest.json (docs/protocol.md)."""
NAME: Final = "manifest.json"
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest.

    Attributes:
        name: Name under which it is anchored.
        stream: Code of the stream whose subject it belongs to, "" for the project.
        files: For each file its bytes, sha256 and Keccak-256, by path.
        data: Its own bytes.
    """

    name: str
    stream: str
    files: Mapping[str, Mapping[str, Any]]
    data: bytes

    @property
    def hash(self) -> bytes:
        """What is anchored: Keccak-256 of manifest.json (32 bytes)."""
        return keccak256(self.data)


def manifest_of(name: str, stream: str, files: Mapping[str, bytes]) -> Manifest:
    """The manifest of files."""
    told = {path: _told(data) for path, data in sorted(files.items())}
    data = canonical_json({"format": FORMAT, "name": name, "stream": stream, "files": told})
    return Manifest(name, stream, told, data)


def write(folder: Path, files: Mapping[str, bytes], manifest: Manifest) -> None:
    """Puts a dossier into `folder`, whole or not at all; an earlier dossier there gives way.

    Raises:
        ConfigError: Something else is in the folder, or it cannot be written.
    """
    if folder.exists() and not (folder / NAME).is_file():
        raise ConfigError(
            "the folder holds something else than a dossier",
            field="--out",
            value=str(folder),
            rule="a folder that does not exist, or that an earlier pack is in",
            remedy="name another folder",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            for path, data in {**files, NAME: manifest.data}.items():
                where = fresh / path
                where.parent.mkdir(parents=True, exist_ok=True)
                where.write_bytes(data)
            fresh.chmod(0o755)
            crash.point("pack.written")
            _exchange(fresh, folder)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            f"the dossier cannot be written: {error.strerror}",
            field="--out",
            value=str(folder),
            rule="a folder that can be written",
            remedy="check its permissions and the room on its disk",
        ) from None


def _exchange(fresh: Path, folder: Path) -> None:
    """`fresh` takes the place of `folder`, which then is where `fresh` was."""
    if folder.exists():
        old = fresh.with_name(fresh.name + "-old")
        folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        fresh.replace(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a folder.

    Raises:
        ConfigError: There is none that can be read.
        InputError: It is no manifest.
    """
    path = folder / NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise refused(
                NAME, path.stat().st_size, f"at most {_MOST_BYTES} bytes", "ask for another"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}",
            field="FOLDER",
            value=str(folder),
            rule=f"a folder with {NAME} in it",
            remedy="name the folder of a dossier",
        ) from None
    found = load_json(data)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise refused(
            NAME, str(found)[:40], f"a document of the format {FORMAT}", "check the folder"
        )
    name, stream, files = found.get("name"), found.get("stream"), found.get("files")
    if not isinstance(name, str) or not isinstance(stream, str) or not isinstance(files, dict):
        raise refused(NAME, "its keys", "name, stream and files", "ask for the dossier again")
    if len(files) > _MOST_FILES:
        raise refused(NAME, len(files), f"at most {_MOST_FILES} files", "ask for another")
    for path_ in files:
        _require_inside(path_)
    return Manifest(name, stream, files, data)


def check_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Names the files that are as the manifest says, one after the other.

    Raises:
        EvidenceError: A file is missing, changed, or not in the manifest; it is named.
    """
    known = {NAME, *manifest.files}
    here = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if not each.is_dir()}
    for extra in sorted(here - known):
        raise _broken(extra, "not in the manifest", "every file of a dossier is in its manifest")
    for path, told in manifest.files.items():
        where = folder / path
        if where.is_symlink() or not where.is_file():
            raise _broken(path, "missing", "every file of the manifest is there")
        if where.stat().st_size > _MOST_BYTES or _told(where.read_bytes()) != told:
            raise _broken(path, "changed", "its bytes hash to what the manifest says")
        yield path


def _told(data: bytes) -> dict[str, Any]:
    return {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "keccak256": hex0x(keccak256(data)),
    }


def _require_inside(path: object) -> None:
    pure = PurePosixPath(str(path))
    if not isinstance(path, str) or pure.is_absolute() or ".." in pure.parts or "\\" in path:
        raise InputError(
            "a path leads out of the dossier",
            field=NAME,
            value=str(path),
            rule="paths are relative and stay inside the folder",
            remedy="do not trust this dossier",
        )


def _broken(path: str, what: str, rule: str) -> EvidenceError:
    return EvidenceError(
        f"{path} is {what}",
        field=path,
        value=what,
        rule=rule,
        remedy="ask for the dossier again; what is anchored binds every byte",
    )
