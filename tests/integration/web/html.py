"""Reads a page and collects what is wrong with it: the basics that every page must keep."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

__all__ = ["Page", "faults", "said"]

_VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "wbr",
}
_SHAPES = {"rect", "path", "circle"}
_SILENT = {"script", "style", "code", "textarea", "option"}
"""What holds no words of the page's own: programs, codes, and what readers typed or chose from."""
_SPOKEN = ("title", "alt", "placeholder", "aria-label")


class Page(HTMLParser):
    """Tags with their attributes, and faults of the structure."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.text: list[str] = []
        self.said: list[str] = []
        self._open: list[str] = []
        if not text.startswith("<!DOCTYPE html>"):
            self.faults.append("no doctype")
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> repeats an attribute")
        inside = "svg:" if "svg" in self._open else ""
        self.tags.append((inside + tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)
        self.said += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag that closes itself, which only shapes may."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _SHAPES | _VOID:
            self.faults.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        """Compares with the tag that is open."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes another tag")

    def handle_data(self, data: str) -> None:
        """Keeps the text."""
        self.text.append(data)
        if not _SILENT.intersection(self._open):
            self.said.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of all tags of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


def said(text: str) -> list[str]:
    """What a page says to people, seen or read out, without codes."""
    return Page(text).said


def faults(text: str) -> list[str]:
    """What is wrong with a page."""
    page = Page(text)
    return [*page.faults, *_ids(page), *_names(page), *_outline(page), *_policy(page)]


def _ids(page: Page) -> list[str]:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    found = [f"id {each} twice" for each in set(ids) if ids.count(each) > 1]
    for _, attributes in page.tags:
        named = {
            each: attributes.get(each) for each in ("for", "aria-labelledby", "aria-describedby")
        }
        found += [f"{each} names no id: {at}" for each, at in named.items() if at and at not in ids]
        target = attributes.get("href") or ""
        if target.startswith("#") and target[1:] not in ids:
            found.append(f"nothing is at {target}")
    return found


def _names(page: Page) -> list[str]:
    """Fields, regions and navigations without a name; cells of a head without a scope."""
    labelled = {attributes.get("for") for attributes in page.all("label")}
    found = [
        f"field without label: {each}"
        for each in page.all("input")
        if each.get("type") not in ("hidden", "radio", "checkbox")
        and each.get("id") not in labelled
    ]
    found += [f"th without scope: {each}" for each in page.all("th") if "scope" not in each]
    found += [
        f"svg neither named nor hidden: {each}"
        for each in page.all("svg")
        if "aria-hidden" not in each
    ]
    found += [
        "group without a name"
        for _, each in page.tags
        if each.get("role") == "group" and not each.get("aria-label")
    ]
    tables, captions = len(page.all("table")), len(page.all("caption"))
    return found + (["table without caption"] if tables != captions else [])


def _outline(page: Page) -> list[str]:
    found = [
        f"{len(page.all(tag))} <{tag}>"
        for tag in ("h1", "title", "main")
        if len(page.all(tag)) != 1
    ]
    if not page.all("html")[0].get("lang"):
        found.append("no language")
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    found += ["a level of headings is left out" for a, b in pairwise(levels) if b > a + 1]
    if not any(each.get("href") == "#main" for each in page.all("a")):
        found.append("no skip link")
    return found


def _policy(page: Page) -> list[str]:
    """What the security policy would refuse, and whatever points to another host."""
    found = []
    for tag, attributes in page.tags:
        if tag == "style" or (tag == "script" and "src" not in attributes):
            found.append(f"inline <{tag}>")
        for name, value in attributes.items():
            if name == "style" or name.startswith("on"):
                found.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "data", "poster", "srcset", "formaction"):
                local = (value or "").startswith(("/", "#", "?")) and not (value or "").startswith(
                    "//"
                )
                found += [] if local else [f"<{tag} {name}={value}> leaves the site"]
    return found
