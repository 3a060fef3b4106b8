"""The changes tried on a contract, each small enough to be a slip of its author."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from _mutate.tokens import Token, tokenize

_SIGNS = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "-=": "+=", "<<": ">>", ">>": "<<",
    "&": "|", "|": "&", "^": "|", "|=": "&=", "&=": "|=", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
    "==": "!=", "!=": "==", "&&": "||", "||": "&&",
}  # fmt: skip
_YUL = {
    "add": "sub", "sub": "add", "mul": "div", "div": "mul", "lt": "gt", "gt": "lt", "eq": "lt",
    "and": "or", "or": "and", "shl": "shr", "shr": "shl",
}  # fmt: skip
_WORDS = {"true": "false", "false": "true", "min": "max", "max": "min", "_min": "_max"}
_HEADERS = frozenset(
    [
        "external",
        "public",
        "internal",
        "private",
        "view",
        "pure",
        "payable",
        "virtual",
        "override",
        "returns",
    ]
)
_SAYS = frozenset(["emit", "revert", "delete"])
_STAYS = frozenset(["return", "for", "while", "unchecked", "assembly", "else", "continue"])
_KEYWORDS = frozenset(
    ["if", "for", "while", "catch", "returns", "return", "function", "constructor", "modifier"]
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed place.

    Attributes:
        start: Where the changed text begins.
        end: Where it ends.
        new: What stands there instead.
        change: The change in words that do not depend on its place, e.g. `< → <=`.
    """

    start: int
    end: int
    new: str
    change: str

    def apply(self, source: str) -> str:
        """The source with the change."""
        return source[: self.start] + self.new + source[self.end :]


def mutants(source: str) -> list[Mutant]:
    """All changes of a file, in its order, none twice."""
    tokens = tokenize(source)
    found: dict[tuple[int, int, str], Mutant] = {}
    for i, token in enumerate(tokens):
        if not token.live:
            continue
        for mutant in _of_token(source, tokens, i):
            found.setdefault((mutant.start, mutant.end, mutant.new), mutant)
    return sorted(found.values(), key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def _of_token(source: str, tokens: list[Token], i: int) -> Iterator[Mutant]:
    token = tokens[i]
    if token.kind == "sign":
        yield from _signs(source, tokens, i)
    elif token.kind == "number":
        yield from _numbers(token)
    elif token.kind == "word":
        yield from _words(tokens, i)
    if token.statement:
        yield from _statements(source, tokens, i)


def _replaced(token: Token, new: str) -> Mutant:
    return Mutant(token.start, token.end, new, f"{token.value} → {new}")


def _signs(source: str, tokens: list[Token], i: int) -> Iterator[Mutant]:
    token, before = tokens[i], tokens[i - 1]
    binary = before.kind in {"number", "word", "text"} or before.value in {")", "]"}
    if token.value in _SIGNS and binary and before.value not in {"return", "emit"}:
        yield _replaced(token, _SIGNS[token.value])
    if token.value == "/" and binary:
        end = tokens[_operand_end(tokens, i + 1)].end
        divisor = source[tokens[i + 1].start : end]
        yield Mutant(token.start, end, f"/ {divisor} + 1", "rounded down → up")
    if token.value == "!":
        yield Mutant(token.start, token.end, "", "! removed")
    if token.value == "(" and before.kind == "word" and before.value not in _KEYWORDS:
        yield from _swaps(source, tokens, i)


def _operand_end(tokens: list[Token], i: int) -> int:
    """Last token of the operand that begins at `i`."""
    end = tokens[i].closes if tokens[i].closes >= 0 else i
    while tokens[end + 1].value in {".", "(", "["}:
        end = end + 2 if tokens[end + 1].value == "." else tokens[end + 1].closes
    return end


def _swaps(source: str, tokens: list[Token], i: int) -> Iterator[Mutant]:
    """Neighbouring arguments of a call, exchanged; not the parameters of a declaration."""
    declared = tokens[max(i - 2, 0)].value in {"function", "event", "error", "modifier"}
    if declared or tokens[i].closes == i + 1:
        return
    commas = [i]
    j = i + 1
    while j < tokens[i].closes:
        if tokens[j].value == ",":
            commas.append(j)
        j = tokens[j].closes + 1 if tokens[j].closes >= 0 else j + 1
    commas.append(tokens[i].closes)
    for (a, b), (_, c) in pairwise(pairwise(commas)):
        first = (tokens[a + 1].start, tokens[b - 1].end)
        second = (tokens[b + 1].start, tokens[c - 1].end)
        left, right = source[slice(*first)], source[slice(*second)]
        if left != right:
            between = source[first[1] : second[0]]
            yield Mutant(first[0], second[1], right + between + left, f"{left}, {right} swapped")


def _numbers(token: Token) -> Iterator[Mutant]:
    text = token.value.replace("_", "")
    if "." in text or ("e" in text.lower().removeprefix("0x") and not text.startswith("0x")):
        return
    value = int(text, 0)
    yield _replaced(token, str(value + 1))
    if value > 0:
        yield _replaced(token, str(value - 1))


def _words(tokens: list[Token], i: int) -> Iterator[Mutant]:
    token, after = tokens[i], tokens[i + 1]
    if token.assembly and token.value in _YUL and after.value == "(":
        yield _replaced(token, _YUL[token.value])
    elif token.value in _WORDS and (after.value == "(" or token.value in {"true", "false"}):
        yield _replaced(token, _WORDS[token.value])
    elif token.value in {"function", "constructor"}:
        yield from _modifiers(tokens, i)
    elif token.value == "if" and not token.assembly:
        opened, closed = tokens[i + 1], tokens[tokens[i + 1].closes]
        # Never taken is the same as the statement left out, which is tried too.
        for outcome in ("true", "false") if _has_block(tokens, i) else ("true",):
            yield Mutant(opened.end, closed.start, outcome, f"if → if ({outcome})")


def _has_block(tokens: list[Token], i: int) -> bool:
    """Whether the `if` at `i` governs a block."""
    return tokens[tokens[i + 1].closes + 1].value == "{"


def _modifiers(tokens: list[Token], i: int) -> Iterator[Mutant]:
    """Guards in the head of a function, left out."""
    j = i + 1
    while tokens[j].value != "(":
        j += 1
    j = tokens[j].closes + 1
    while tokens[j].value not in {"{", ";"}:
        called = tokens[j + 1].value == "("
        last = tokens[j + 1].closes if called else j
        if tokens[j].kind == "word" and tokens[j].value not in _HEADERS:
            yield Mutant(tokens[j].start, tokens[last].end, "", f"{tokens[j].value} left out")
        j = last + 1


def _statements(source: str, tokens: list[Token], i: int) -> Iterator[Mutant]:
    """A whole statement left out: an assignment, a call, an event, a check."""
    first = tokens[i]
    declares = first.kind == "word" and tokens[i + 1].kind == "word" and first.value not in _SAYS
    declares |= first.value == "(" and tokens[i + 2].kind == "word"
    if declares or first.value in _STAYS:
        return
    last = i
    while tokens[last].value not in {";", "{"}:
        last = tokens[last].closes + 1 if tokens[last].value in {"(", "["} else last + 1
    if tokens[last].value != ";":
        return
    text = " ".join(source[first.start : tokens[last].start].split())
    yield Mutant(first.start, tokens[last].end, "{}", f"left out: {text}")
