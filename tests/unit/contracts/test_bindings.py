"""All generated bindings against eth_abi, with random values."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from eth_abi.abi import encode
from hexbytes import HexBytes
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.contracts.abi_values import abi_type, field_hints, raw_values, typed

from usufruct.contracts import all_errors, all_modules, decode_error, events_by_topic
from usufruct.contracts._runtime import ContractError, Event, Function

FEW = settings(
    max_examples=max(2, settings().max_examples // 40)
)  # more than a thousand tests draw


@cache
def hints_of(annotated: Any) -> dict[str, Any]:
    return typing.get_type_hints(annotated)


def entries(kind: str) -> Iterator[tuple[ModuleType, Mapping[str, Any]]]:
    for module in all_modules():
        for entry in module.artifact().abi:
            if entry["type"] == kind:
                yield module, entry


def signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(map(abi_type, entry['inputs']))})"


def function_cases() -> list[Any]:
    cases = []
    for module, entry in entries("function"):
        for name, made in vars(module).items():
            if isinstance(made, Function) and made.signature == signature(entry):
                python = getattr(module, name[1:].lower())
                cases.append(
                    pytest.param(made, python, entry, id=f"{made.contract}.{made.signature}")
                )
    return cases


def test_every_function_of_every_abi_is_bound() -> None:
    assert len(function_cases()) == len(list(entries("function")))


@pytest.mark.parametrize(("made", "python", "entry"), function_cases())
@FEW
@given(data=st.data())
def test_call_data_is_what_eth_abi_makes(
    made: Function[Any], python: Any, entry: Mapping[str, Any], data: st.DataObject
) -> None:
    hints = [hint for name, hint in hints_of(python).items() if name != "return"]
    raw = data.draw(st.tuples(*map(raw_values, entry["inputs"], hints)))
    call = python(*map(typed, hints, raw))
    assert call.data == made.selector + encode([abi_type(each) for each in entry["inputs"]], raw)
    assert call.mutability == entry["stateMutability"]


@pytest.mark.parametrize(("made", "python", "entry"), function_cases())
@FEW
@given(data=st.data())
def test_results_come_back(
    made: Function[Any], python: Any, entry: Mapping[str, Any], data: st.DataObject
) -> None:
    (hint,) = typing.get_args(hints_of(python)["return"])
    outputs = entry["outputs"]
    several = len(outputs) > 1
    hints = field_hints(hint) if several else [hint] * len(outputs)
    raw = data.draw(st.tuples(*map(raw_values, outputs, hints)))
    result = made.result(encode([abi_type(each) for each in outputs], raw))
    expected = [typed(*pair) for pair in zip(hints, raw, strict=True)]
    assert result == (hint(*expected) if several else (expected[0] if expected else None))


@pytest.mark.parametrize("event", events_by_topic().values(), ids=lambda event: event.SIGNATURE)
@FEW
@given(data=st.data())
def test_events_decode_as_with_eth_abi(event: type[Event], data: st.DataObject) -> None:
    entry = next(each for _, each in entries("event") if signature(each) == event.SIGNATURE)
    inputs, hints = entry["inputs"], field_hints(event)
    raw = data.draw(st.tuples(*map(raw_values, inputs, hints)))
    topics, body = [event.TOPIC], []
    for parameter, value in zip(inputs, raw, strict=True):
        if parameter["indexed"]:
            topics.append(encode([abi_type(parameter)], [value]))
        else:
            body.append((abi_type(parameter), value))
    encoded = encode([kind for kind, _ in body], [value for _, value in body])
    expected = event(*map(typed, hints, raw))
    assert event.decode(topics, encoded) == expected
    assert event.decode([HexBytes(topic) for topic in topics], HexBytes(encoded)) == expected


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.SIGNATURE)
@FEW
@given(data=st.data())
def test_errors_come_back(error: type[ContractError], data: st.DataObject) -> None:
    entry = next(each for _, each in entries("error") if signature(each) == error.SIGNATURE)
    hints = field_hints(error)
    raw = data.draw(st.tuples(*map(raw_values, entry["inputs"], hints)))
    encoded = encode([abi_type(each) for each in entry["inputs"]], raw)
    assert decode_error(error.SELECTOR + encoded) == error(*map(typed, hints, raw))
