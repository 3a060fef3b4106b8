"""Python expressions and names for Solidity types."""

from __future__ import annotations

from collections.abc import Iterable

from _bindgen.abitypes import Array, Elementary, Enum, Struct, Type, pascal, type_words
from _bindgen.model import EnumItem, Item, RecordItem, StructItem

_WORD = 32
_KINDS = ("struct", "enum", "event", "error")


def item_key(item: Item) -> tuple[int, str, str]:
    """Order of items in a module: structs, enums, events, errors; each by name."""
    match item:
        case StructItem(type=struct):
            return 0, struct.canonical, struct.abi
        case EnumItem(canonical=canonical):
            return 1, canonical, ""
        case RecordItem():
            return _KINDS.index(item.kind), item.name, item.signature


class Names:
    """The Python class names of one module's items; none is given twice."""

    def __init__(self) -> None:
        self._names: dict[Item, str] = {}
        self._types: dict[str, str] = {}
        self._taken: set[str] = set()

    def add_all(self, items: Iterable[Item]) -> None:
        """Names new items, in their order."""
        for item in items:
            wish, *spare = _wishes(item)
            self.put(
                item, next((each for each in (wish, *spare) if each not in self._taken), spare[-1])
            )

    def put(self, item: Item, name: str) -> None:
        """Gives an item a name that is settled elsewhere."""
        self._names[item] = self.fresh(name)
        if isinstance(item, StructItem):
            self._types[item.type.canonical] = name
        elif isinstance(item, EnumItem):
            self._types[item.canonical] = name

    def fresh(self, name: str) -> str:
        """Reserves a name."""
        if name in self._taken:
            raise ValueError(f"two Python classes would be named {name}")
        self._taken.add(name)
        return name

    def of(self, item: Item) -> str:
        """Name of an item."""
        return self._names[item]

    def of_type(self, named: Struct | Enum) -> str:
        """Name of the class that stands for a struct or an enum."""
        return self._types[named.canonical]


def _wishes(item: Item) -> tuple[str, str]:
    """The name as in Solidity, and a longer one in case that is taken."""
    match item:
        case StructItem(type=Struct(canonical=canonical)) | EnumItem(canonical=canonical):
            return canonical.rpartition(".")[2], canonical.replace(".", "")
        case RecordItem():
            words = pascal(type_words(each.type for each in item.fields))
            return item.name, f"{item.name}{item.kind.capitalize()}{words}"


def annotation(kind: Type, names: Names, *, argument: bool = False) -> str:
    """The Python type; arguments take any sequence, results are tuples."""
    match kind:
        case Array(item=item):
            inner = annotation(item, names, argument=argument)
            return f"Sequence[{inner}]" if argument else f"tuple[{inner}, ...]"
        case Struct() | Enum():
            return names.of_type(kind)
        case Elementary(abi=abi):
            return _ELEMENTARY.get(abi.rstrip("0123456789"), "bytes")


_ELEMENTARY = {
    "address": "rt.Address",
    "bool": "bool",
    "int": "int",
    "string": "str",
    "uint": "int",
}


def to_encode(kind: Type, value: str) -> str:
    """What eth_abi is given for `value`."""
    match kind:
        case Struct():
            return f"{value}.to_abi()"
        case Array(item=Array() | Struct() as item):
            inner = to_encode(item, "each" if value != "each" else "one")
            return f"[{inner} for {'each' if value != 'each' else 'one'} in {value}]"
    return value


def convert(kind: Type, value: str, names: Names) -> str:
    """The typed value for what eth_abi gives."""
    match kind:
        case Struct():
            return f"{names.of_type(kind)}.from_abi({value})"
        case Enum():
            return f"{names.of_type(kind)}({value})"
        case Elementary(abi="address"):
            return f"rt.address({value})"
        case Array(item=item):
            each = "each" if value != "each" else "one"
            inner = convert(item, each, names)
            return value if inner == each else f"tuple({inner} for {each} in {value})"
    return value


def slice_word(kind: Type, data: str, at: int, names: Names, *, topic: bool = False) -> str:
    """The typed value of a static type in the bytes `data` from `at`, without eth_abi."""
    match kind:
        case Struct() if not topic:
            return f"{names.of_type(kind)}({', '.join(_slice_members(kind, data, at, names))})"
        case Array(item=item, length=length) if not topic:
            step = _WORD * item.words
            parts = [slice_word(item, data, at + step * n, names) for n in range(length or 0)]
            return f"({', '.join(parts)}{',' * bool(parts)})"
        case Enum():
            return f"{names.of_type(kind)}({data}[{at + 31}])"
        case Elementary(abi=abi):
            return _slice_elementary(abi, data, at, topic)
    return f"bytes({data})"  # a dynamic indexed value: only its hash is there


def _slice_members(struct: Struct, data: str, at: int, names: Names) -> Iterable[str]:
    for member in struct.members:
        yield slice_word(member.type, data, at, names)
        at += _WORD * member.type.words


def _slice_elementary(abi: str, data: str, at: int, topic: bool) -> str:
    end = at + _WORD
    wrapped = "bytes({})" if topic else "{}"
    if abi == "address":
        return f"rt.address({wrapped.format(f'{data}[{at + 12}:{end}]')})"
    if abi == "bool":
        return f"{data}[{end - 1}] != 0"
    if abi == "uint8":
        return f"{data}[{end - 1}]"
    if abi.startswith(("uint", "int")):
        size = int(abi.lstrip("uint")) // 8
        signed = ", signed=True" if abi.startswith("int") else ""
        return f"int.from_bytes({data}[{end - size}:{end}]{signed})"
    if abi.startswith("bytes") and abi != "bytes":
        stop = at + int(abi.removeprefix("bytes"))
        whole = data if topic and stop == _WORD else f"{data}[{at}:{stop}]"
        return wrapped.format(whole)
    return f"bytes({data})"
