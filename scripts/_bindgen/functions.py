"""Python functions for the functions and the constructor of a contract."""

from __future__ import annotations

from collections.abc import Iterator

from _bindgen.expressions import Names, annotation, convert, to_encode
from _bindgen.items import fields_of
from _bindgen.model import Contract, FunctionItem, RecordItem, hash_of
from _bindgen.natspec import Doc
from _bindgen.text import docstring, function_doc, tuple_of, types_of


def render_function(item: FunctionItem, names: Names, result: str) -> str:
    lines = []
    outputs = item.outputs
    values = [convert(each.type, f"out[{at}]", names) for at, each in enumerate(outputs)]
    returned, build = "None", "rt.nothing"
    if len(outputs) == 1:
        returned, build = annotation(outputs[0].type, names), f"lambda out: {values[0]}"
    elif outputs:
        lines += [*_result_class(item, names, result), ""]
        returned, build = result, f"lambda out: {result}({', '.join(values)})"
    constant = f"_{item.python.upper()}"
    selector = hash_of(item.signature)[:4].hex()
    arguments = ", ".join(
        f"{each.name}: {annotation(each.type, names, argument=True)}" for each in item.inputs
    )
    passed = ", ".join(to_encode(each.type, each.name) for each in item.inputs)
    abi = (
        f'{constant} = rt.Function[{returned}](CONTRACT, "{item.signature}", "{selector}", '
        f'{types_of(item.inputs)}, {types_of(outputs)}, "{item.mutability}", {build})'
    )
    lines += [
        abi,
        "",
        "",
        f"def {item.python}({arguments}) -> rt.Call[{returned}]:",
        docstring(function_doc(item), "    "),
        f"    return {constant}.call({passed})",
    ]
    return "\n".join(lines)


def _result_class(item: FunctionItem, names: Names, result: str) -> Iterator[str]:
    yield "@dataclass(frozen=True, slots=True)"
    yield f"class {result}:"
    yield docstring([f"What `{item.name}` returns."], "    ")
    yield ""
    doc = Doc(params=item.doc.returns)
    yield from fields_of(item.outputs, doc, names)


def render_deployment(contract: Contract, names: Names, package: str) -> str:
    item = contract.constructor
    links = _libraries(contract)
    arguments = [
        f"{each.name}: {annotation(each.type, names, argument=True)}" for each in item.inputs
    ]
    arguments += ["*, libraries: Mapping[str, rt.Address]"] if links else []
    code = f"artifact().creation_code({'libraries' if links else ''})"
    if item.inputs:
        values = tuple_of(to_encode(each.type, each.name) for each in item.inputs)
        code = f"rt.encode({types_of(item.inputs)}, {values}, {code})"
    doc = function_doc(item, "Creation code followed by the constructor's arguments.")
    return "\n".join(
        [
            "def artifact() -> rt.Artifact:",
            '    """The compiled contract."""',
            f'    return rt.artifact("{package}", CONTRACT)',
            "",
            "",
            f"def deploy_data({', '.join(arguments)}) -> bytes:",
            docstring(doc, "    "),
            f"    return {code}",
        ]
    )


def _libraries(contract: Contract) -> list[str]:
    links = contract.raw["evm"]["bytecode"]["linkReferences"]
    return sorted(library for unit in links.values() for library in unit)


def render_tables(contract: Contract, names: Names) -> str:
    events, errors = (
        sorted(
            names.of(item)
            for item in contract.items
            if isinstance(item, RecordItem) and item.kind == kind
        )
        for kind in ("event", "error")
    )
    topics = "".join(f"{name}.TOPIC: {name}, " for name in events)
    listed = "".join(f"{name}, " for name in errors)
    return "\n".join(
        [
            f"EVENTS: Final[Mapping[bytes, type[rt.Event]]] = {{{topics}}}",
            '"""The events in the ABI by their first topic."""',
            "",
            f"ERRORS: Final[tuple[type[rt.ContractError], ...]] = ({listed})",
            '"""The errors in the ABI."""',
        ]
    )
