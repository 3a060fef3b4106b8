"""Rules that several kinds of tables share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from usufruct.config.locate import Path, dotted
from usufruct.config.model_streams import Stream
from usufruct.config.problems import Problems

__all__ = ["require_unique", "stream_of", "unknown_reference"]


def require_unique(values: Iterable[tuple[Path, object]], what: str, problems: Problems) -> None:
    """Notes every value that has been used before; `what` names it, e.g. `stream code`."""
    first: dict[object, Path] = {}
    for path, value in values:
        earlier = first.setdefault(value, path)
        if earlier is not path:
            place = f"{dotted(earlier)} in line {problems.line(earlier)}"
            problems.add(path, value, f"each {what} is used once; {place} has it", "choose another")


def unknown_reference(
    path: Path, value: str, what: str, known: Iterable[str], problems: Problems
) -> None:
    """Notes that `value` names no `what`."""
    names = ", ".join(known) or "none"
    problems.add(path, value, f"no {what} has this name; there are: {names}", "correct the name")


def stream_of(
    path: Path, code: str, streams: Mapping[str, Stream], problems: Problems
) -> Stream | None:
    """The stream that the table at `path` names; none is noted only if streams are not wrong themselves."""
    stream = streams.get(code)
    if stream is None and not problems:
        unknown_reference((*path, "stream"), code, "stream", streams, problems)
    return stream
