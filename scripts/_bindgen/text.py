"""Pieces of Python text: literals and docstrings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from _bindgen.abitypes import Param
from _bindgen.model import FunctionItem
from _bindgen.natspec import Doc

_WIDTH = 96


def tuple_of(parts: Iterable[str]) -> str:
    """A tuple literal that the formatter keeps on one line where it fits."""
    listed = list(parts)
    return f"({', '.join(listed)}{',' * (len(listed) == 1)})"


def types_of(fields: Iterable[Param]) -> str:
    return tuple_of(f'"{each.type.abi}"' for each in fields)


def prose(doc: Doc, otherwise: str) -> list[str]:
    return [
        part
        for part in (doc.notice or doc.details or otherwise, doc.notice and doc.details)
        if part
    ]


def function_doc(item: FunctionItem, otherwise: str = "") -> list[str]:
    """Paragraphs: what it does, its arguments and results, who may call it."""
    parts = prose(item.doc, otherwise or f"Call of `{item.signature}`.")
    if otherwise and parts[0] != otherwise:
        parts.insert(0, otherwise)
    if item.doc.access:
        parts.append(f"Access: {item.doc.access}.")
    described = [
        f"    {each.name}: {item.doc.params[each.solidity]}"
        for each in item.inputs
        if each.solidity in item.doc.params
    ]
    if described:
        parts.append("\n".join(["Args:", *described]))
    returns = list(item.doc.returns.values())
    if len(item.outputs) == 1 and returns:
        parts.append(f"Returns:\n    {returns[0]}")
    return parts


def docstring(paragraphs: Sequence[str], indent: str) -> str:
    lines: list[str] = []
    for at, paragraph in enumerate(paragraphs):
        lines += [""] if at else []
        for line in paragraph.splitlines():
            lead = line[: len(line) - len(line.lstrip())]
            lines += textwrap.wrap(
                " ".join(line.split()),
                _WIDTH - len(indent),
                initial_indent=lead,
                subsequent_indent=lead + ("    " if lead else ""),
                break_long_words=False,
                break_on_hyphens=False,
            )
    text = "\n".join(f"{indent}{line}".rstrip() for line in lines).lstrip()
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text += " "
    closing = f"\n{indent}" if "\n" in text else ""
    return f'{indent}"""{text}{closing}"""'
