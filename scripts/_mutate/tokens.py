"""Solidity source as tokens, with the places where a change means something."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<blank>\s+ | //[^\n]* | /\*.*?\*/)
    | (?P<text>(?:unicode|hex)?"(?:[^"\\\n]|\\.)*" | (?:hex)?'(?:[^'\\\n]|\\.)*')
    | (?P<number>0x[0-9a-fA-F_]+ | \d[\d_]*(?:\.\d+)?(?:e\d+)?)
    | (?P<word>[A-Za-z_$][\w$]*)
    | (?P<sign>>>>= | >>= | <<= | >>> | => | := | -> | \*\* | \+\+ | -- | && | \|\| | << | >>
        | [-+*/%&|^<>=!]= | [-+*/%&|^<>=!~?:;,.(){}\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
_OPEN = {"(": ")", "[": "]", "{": "}"}
_NO_CODE = frozenset({"pragma", "import", "using", "event", "error", "struct", "enum", "type"})


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of source that is neither blank nor comment.

    Attributes:
        kind: `text`, `number`, `word` or `sign`.
        value: The piece itself.
        start: Where it begins in the source.
        live: Whether it can change what the contract does: not within imports, events, types and the like.
        assembly: Whether it lies within an assembly block.
        statement: Whether it is the first token of a statement of a function.
        closes: For an opening bracket the position, in the list of tokens, of the closing one.
    """

    kind: str
    value: str
    start: int
    live: bool = True
    assembly: bool = False
    statement: bool = False
    closes: int = -1

    @property
    def end(self) -> int:
        """Where the source goes on behind it."""
        return self.start + len(self.value)


def tokenize(source: str) -> list[Token]:
    """All tokens of a file.

    Raises:
        ValueError: a character that Solidity does not know, or brackets that do not match.
    """
    bare, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ValueError(f"character {source[at]!r} at {at} is no Solidity")
        if match.lastgroup != "blank":
            bare.append((str(match.lastgroup), match.group(), at))
        at = match.end()
    closing = _brackets([value for _, value, _ in bare])
    live = _live([value for _, value, _ in bare], closing)
    assembly = _assembly([value for _, value, _ in bare], closing)
    starts = _statements([value for _, value, _ in bare], closing, assembly)
    return [
        Token(*piece, live[i], assembly[i], i in starts, closing.get(i, -1))
        for i, piece in enumerate(bare)
    ]


def _brackets(values: list[str]) -> dict[int, int]:
    closing, opened = {}, list[int]()
    for i, value in enumerate(values):
        if value in _OPEN:
            opened.append(i)
        elif value in _OPEN.values():
            if not opened or _OPEN[values[opened[-1]]] != value:
                raise ValueError(f"bracket {value} closes nothing")
            closing[opened.pop()] = i
    if opened:
        raise ValueError("a bracket is never closed")
    return closing


def _live(values: list[str], closing: dict[int, int]) -> list[bool]:
    """False from the first word of a declaration without code to its end."""
    live = [True] * len(values)
    i = 0
    while i < len(values):
        begins = i == 0 or values[i - 1] in {";", "}", "{"}
        if begins and values[i] in _NO_CODE:
            first = i
            while values[i] != ";" and not (values[i] == "}" and first < i):
                i = closing[i] if i in closing else i + 1
            live[first : i + 1] = [False] * (i + 1 - first)
        i += 1
    return live


def _assembly(values: list[str], closing: dict[int, int]) -> list[bool]:
    inside = [False] * len(values)
    for i, value in enumerate(values):
        if value == "assembly":
            first = values.index("{", i)
            inside[first : closing[first]] = [True] * (closing[first] - first)
    return inside


def _statements(values: list[str], closing: dict[int, int], assembly: list[bool]) -> set[int]:
    """First tokens of the statements of functions, without those of assembly."""
    heads = {"function", "constructor", "modifier", "receive", "fallback"}
    starts: set[int] = set()
    for i, value in enumerate(values):
        if value in heads:
            body = i
            while values[body] not in {"{", ";"}:
                body = closing[body] + 1 if values[body] in "([" else body + 1
            if values[body] == "{":
                starts |= {
                    j + 1
                    for j in range(body, closing[body])
                    if values[j] in {"{", "}", ";"} and not assembly[j] and values[j + 1] != "}"
                }
    bracketed = {
        j for i, last in closing.items() if values[i] in {"(", "["} for j in range(i, last)
    }
    return starts - bracketed
