"""The documentation that the Solidity sources carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_ACCESS = re.compile(r"\s*@custom:access-control\s+(.+)$")


@dataclass(frozen=True, slots=True)
class Doc:
    """NatSpec of one item."""

    notice: str = ""
    details: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    access: str = ""


def make_doc(user: Mapping[str, Any], dev: Mapping[str, Any]) -> Doc:
    """Joins what the compiler says in userdoc and devdoc."""
    notice, access = user.get("notice", ""), dev.get("custom:access-control", "")
    if found := _ACCESS.search(notice):
        notice, access = notice[: found.start()], found.group(1)
    return Doc(
        notice, dev.get("details", ""), dev.get("params", {}), dev.get("returns", {}), access
    )


def tree_doc(node: Mapping[str, Any]) -> Doc:
    """NatSpec of a struct or an enum, which only the syntax tree holds."""
    raw = node.get("documentation") or {}
    text = raw.get("text", "") if isinstance(raw, Mapping) else raw
    tags: dict[str, dict[str, str]] = {"notice": {}, "dev": {}, "param": {}}
    for piece in re.split(
        r"(?:^|\n)\s*@", text if text.lstrip().startswith("@") else f"@notice {text}"
    ):
        tag, _, rest = piece.strip().partition(" ")
        name, _, words = rest.partition(" ") if tag == "param" else ("", "", rest)
        tags.setdefault(tag, {})[name] = " ".join(words.split())
    return Doc(tags["notice"].get("", ""), tags["dev"].get("", ""), tags["param"])
