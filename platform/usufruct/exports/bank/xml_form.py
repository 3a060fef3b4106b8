"""The structure of a message as data, and a check of a document against it.

Enough of XML Schema for ISO 20022: ordered elements with bounds, simple types by pattern, one choice. Written from the
public message definitions; what we do not write is not in the form and therefore refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.errors import EvidenceError
from usufruct.xml_tree import Element

__all__ = ["Form", "check_form"]

UNBOUNDED: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Form:
    """One element.

    Attributes:
        name: Its name.
        content: Pattern of its text, or the elements in it in their order.
        least: How often it must occur.
        most: How often it may occur.
        attributes: Pattern of each attribute; all are required.
        choice: Whether exactly one of the elements in it occurs.
    """

    name: str
    content: str | Sequence[Form]
    least: int = 1
    most: int = 1
    attributes: tuple[tuple[str, str], ...] = ()
    choice: bool = False


def check_form(root: Element, form: Form, space: str) -> None:
    """Checks a document; EvidenceError names the first element that does not fit."""
    if root.name != form.name:
        raise _wrong(root.name, f"the root is {form.name}")
    _check(root, form, space, form.name)


def _check(element: Element, form: Form, space: str, path: str) -> None:
    if element.space != space:
        raise _wrong(path, f"is in the namespace {space}")
    if set(element.attributes) != {name for name, _ in form.attributes}:
        raise _wrong(path, f"has the attributes {[name for name, _ in form.attributes]}")
    for name, pattern in form.attributes:
        if not re.fullmatch(pattern, element.attributes[name]):
            raise _wrong(f"{path}@{name}", f"matches {pattern}")
    if isinstance(form.content, str):
        if element.children or not re.fullmatch(form.content, element.text):
            raise _wrong(path, f"is a text that matches {form.content}")
        return
    if element.text.strip():
        raise _wrong(path, "has no text of its own")
    _check_children(element, form, space, path)


def _check_children(element: Element, form: Form, space: str, path: str) -> None:
    assert not isinstance(form.content, str)
    left = list(element.children)
    chosen = 0
    for each in form.content:
        count = 0
        while left and left[0].name == each.name:
            _check(left.pop(0), each, space, f"{path}/{each.name}")
            count += 1
        chosen += count > 0
        least = 0 if form.choice else each.least
        if not least <= count <= each.most:
            raise _wrong(f"{path}/{each.name}", f"occurs {least} to {each.most} times")
    if left:
        raise _wrong(f"{path}/{left[0].name}", "has no place there")
    if form.choice and chosen != 1:
        raise _wrong(path, "holds exactly one of its alternatives")


def _wrong(path: str, rule: str) -> EvidenceError:
    return EvidenceError(
        f"the message is not valid: {path} {rule}",
        field=path,
        value="",
        rule=rule,
        remedy="report it: nothing was written",
    )
