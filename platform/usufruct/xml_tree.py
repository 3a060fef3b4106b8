"""XML from outside as a plain tree: no document type, no entities, bounded in every direction.

A document type declaration is refused before anything in it is read, so that there are no entities to expand (billion
laughs), no external ones to fetch, and no default attributes that two readers could see differently.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.parsers import expat

from usufruct.errors import InputError

MAX_BYTES = 32 * 1024 * 1024
"""Largest document."""
MAX_DEPTH = 32
"""Deepest nesting; Green Button needs nine levels."""
MAX_ELEMENTS = 2_000_000
"""Most elements of a document."""
MAX_TEXT = 64 * 1024
"""Longest text of one element, characters."""
MAX_ATTRIBUTES = 32
"""Most attributes of one element."""


@dataclass(slots=True)
class Element:
    """One element.

    Attributes:
        space: Its namespace, "" for none.
        name: Its name without prefix.
        attributes: Values by name; those in a namespace as "namespace name".
        children: Elements in it, in order.
        text: Its own text, without that of its children.
    """

    space: str
    name: str
    attributes: dict[str, str]
    children: Sequence[Element] = ()
    text: str = ""

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next((each for each in self.children if each.name == name), None)

    def all(self, name: str) -> list[Element]:
        """All children of that name."""
        return [each for each in self.children if each.name == name]

    def content(self, *path: str) -> str | None:
        """The trimmed text at a path of children, None where there is none or it is empty."""
        found: Element | None = self
        for name in path:
            found = found.child(name) if found is not None else None
        return (found.text.strip() or None) if found is not None else None


def parse_xml(data: bytes) -> Element:
    """The root of a document.

    Raises:
        InputError: Not well-formed XML, or beyond one of the bounds above.
    """
    if len(data) > MAX_BYTES:
        raise _refused("bytes", len(data), f"at most {MAX_BYTES} bytes")
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset}"
        raise _refused("xml", place, expat.ErrorString(error.code)) from error
    except (LookupError, ValueError) as error:
        raise _refused("encoding", str(error), "UTF-8, UTF-16 or ISO-8859-1") from error
    if builder.root is None:
        raise _refused("xml", "no element", "one root element")
    return builder.root


class _Builder:
    """Builds the tree from the parser's events."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._children: list[list[Element]] = []
        self._count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.ExternalEntityRefHandler = self._external
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, name: str, *_rest: object) -> None:
        raise _refused("DOCTYPE", name, "no document type declaration")

    def _entity(self, name: str, *_rest: object) -> None:
        raise _refused("ENTITY", name, "no entity declarations")

    def _external(self, *_names: object) -> int:
        raise _refused("entity", "external", "no external entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise _refused("elements", self._count, f"at most {MAX_ELEMENTS}")
        if len(self._open) >= MAX_DEPTH:
            raise _refused("depth", len(self._open) + 1, f"at most {MAX_DEPTH} levels")
        if len(attributes) > MAX_ATTRIBUTES:
            raise _refused("attributes", len(attributes), f"at most {MAX_ATTRIBUTES}")
        space, _, local = name.rpartition(" ")
        element = Element(space, local, attributes)
        if self._open:
            self._children[-1].append(element)
        else:
            self.root = element
        self._open.append(element)
        self._children.append([])

    def _end(self, _name: str) -> None:
        # Most elements have none: a document of many leaves is to cost few objects.
        self._open.pop().children = self._children.pop() or ()

    def _characters(self, data: str) -> None:
        element = self._open[-1]
        element.text += data
        if len(element.text) > MAX_TEXT:
            raise _refused("text", element.name, f"at most {MAX_TEXT} characters in an element")


def _refused(field_: str, value: object, rule: str) -> InputError:
    return InputError(
        f"the XML document is refused: {field_}",
        field=field_,
        value=value,
        rule=rule,
        remedy="export the data again as plain XML without a document type",
    )
