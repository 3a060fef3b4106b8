"""Python classes for structs, enums, events and errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from _bindgen.abitypes import Param, snake
from _bindgen.expressions import Names, annotation, convert, slice_word, to_encode
from _bindgen.model import EnumItem, Item, RecordItem, StructItem, hash_of
from _bindgen.natspec import Doc
from _bindgen.text import docstring, prose, tuple_of, types_of


def render(item: Item, names: Names) -> str:
    match item:
        case StructItem():
            return render_struct(item, names)
        case EnumItem():
            return render_enum(item, names)
        case RecordItem(kind="event"):
            return render_event(item, names)
        case RecordItem():
            return render_error(item, names)


def render_enum(item: EnumItem, names: Names) -> str:
    lines = [f"class {names.of(item)}(IntEnum):"]
    lines.append(docstring(prose(item.doc, f"Solidity `{item.canonical}`."), "    "))
    lines.append("")
    for name, value, doc in item.members:
        lines.append(f"    {snake(name).upper()} = {value}")
        if doc:
            lines.append(docstring([doc], "    "))
    return "\n".join(lines)


def render_struct(item: StructItem, names: Names) -> str:
    members = item.type.members
    encoded = tuple_of(to_encode(each.type, f"self.{each.name}") for each in members)
    decoded = ", ".join(convert(each.type, f"raw[{at}]", names) for at, each in enumerate(members))
    return "\n".join(
        [
            "@dataclass(frozen=True, slots=True)",
            f"class {names.of(item)}:",
            docstring(prose(item.doc, f"Solidity struct `{item.type.canonical}`."), "    "),
            "",
            f'    ABI: ClassVar[str] = "{item.type.abi}"',
            "",
            *fields_of(members, item.doc, names),
            "",
            "    def to_abi(self) -> tuple[Any, ...]:",
            '        """The members as eth_abi takes them."""',
            f"        return {encoded}",
            "",
            "    @classmethod",
            "    def from_abi(cls, raw: tuple[Any, ...]) -> Self:",
            '        """The struct from the members as eth_abi gives them."""',
            f"        return cls({decoded})",
        ]
    )


def render_event(item: RecordItem, names: Names) -> str:
    return "\n".join(
        [
            "@dataclass(frozen=True, slots=True)",
            f"class {names.of(item)}(rt.Event):",
            docstring(prose(item.doc, f"Solidity event `{item.signature}`."), "    "),
            "",
            f'    NAME: ClassVar[str] = "{item.name}"',
            f'    SIGNATURE: ClassVar[str] = "{item.signature}"',
            f'    TOPIC: ClassVar[bytes] = bytes.fromhex("{hash_of(item.signature).hex()}")',
            "",
            *fields_of(item.fields, item.doc, names),
            "",
            "    @classmethod",
            "    def decode(cls, topics: Sequence[bytes], data: bytes) -> Self:",
            '        """The event in a log with these topics and this data."""',
            *_event_body(item, names),
        ]
    )


def _event_body(item: RecordItem, names: Names) -> Iterator[str]:
    plain = [each for each in item.fields if not each.indexed]
    static = not any(each.type.dynamic for each in plain)
    size = 32 * sum(each.type.words for each in plain)
    checks = f"len(topics) != {1 + len(item.fields) - len(plain)} or topics[0] != cls.TOPIC"
    yield f"        if {checks}{f' or len(data) != {size}' if static else ''}:"
    yield "            raise rt.bad_log(cls, topics, data)"
    if plain and static:
        yield "        data = bytes(data)"
    elif plain:
        yield f"        raw = rt.decode({types_of(plain)}, data)"
    yield f"        return cls({', '.join(_event_values(item.fields, static, names))})"


def _event_values(fields: Iterable[Param], static: bool, names: Names) -> Iterator[str]:
    topic, place, offset = 1, 0, 0
    for each in fields:
        if each.indexed:
            yield slice_word(each.type, f"topics[{topic}]", 0, names, topic=True)
            topic += 1
        elif static:
            yield slice_word(each.type, "data", offset, names)
            offset += 32 * each.type.words
        else:
            yield convert(each.type, f"raw[{place}]", names)
            place += 1


def render_error(item: RecordItem, names: Names) -> str:
    listed = tuple_of(f'"{each.name}"' for each in item.fields)
    values = ", ".join(
        convert(each.type, f"raw[{at}]", names) for at, each in enumerate(item.fields)
    )
    read = [f"        raw = rt.decode({types_of(item.fields)}, data[4:])"] if item.fields else []
    return "\n".join(
        [
            "@dataclass(eq=False)",
            f"class {names.of(item)}(rt.ContractError):",
            docstring(prose(item.doc, f"Solidity error `{item.signature}`."), "    "),
            "",
            f'    NAME: ClassVar[str] = "{item.name}"',
            f'    SIGNATURE: ClassVar[str] = "{item.signature}"',
            f'    SELECTOR: ClassVar[bytes] = bytes.fromhex("{hash_of(item.signature)[:4].hex()}")',
            f"    FIELDS: ClassVar[tuple[str, ...]] = {listed}",
            "",
            *fields_of(item.fields, item.doc, names),
            "",
            "    @classmethod",
            "    def decode(cls, data: bytes) -> Self:",
            '        """The error in revert data."""',
            *read,
            f"        return cls({values})",
        ]
    )


def fields_of(fields: Iterable[Param], doc: Doc, names: Names) -> Iterator[str]:
    for each in fields:
        topic = each.indexed and not _kept_whole(each)
        yield f"    {each.name}: {'bytes' if topic else annotation(each.type, names)}"
        text = doc.params.get(each.solidity, "")
        if text or topic:
            yield docstring(
                [" ".join(filter(None, (text, "keccak256 of the value." * topic)))], "    "
            )


def _kept_whole(each: Param) -> bool:
    """Whether an indexed field of this type keeps its value (else only a hash is in the log)."""
    return each.type.words == 1 and not each.type.dynamic and not each.type.abi.endswith((")", "]"))
