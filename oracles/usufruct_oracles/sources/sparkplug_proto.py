"""Payloads of Sparkplug B: the messages of the public sparkplug_b.proto, described in code.

Only what readings need is described: data sets and templates are opaque bytes. The numbers of fields and data types
are those of the Eclipse Sparkplug specification 3.0, section 6.4.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from usufruct.errors import ConfigError

INT8, INT16, INT32, INT64 = 1, 2, 3, 4
"""Data types of signed integers, which travel as two's complement."""
UINT8, UINT16, UINT32, UINT64 = 5, 6, 7, 8
"""Data types of unsigned integers."""
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT = 9, 10, 11, 12, 13, 14
"""Other data types that have a value of their own."""

_OPTIONAL, _REPEATED = 1, 3
_DOUBLE, _FLOAT, _UINT64, _BOOL, _STRING, _MESSAGE, _BYTES, _UINT32 = 1, 2, 4, 8, 9, 11, 12, 13
_PACKAGE: Final = "usufruct.sparkplug"

_Field = tuple[str, int, int, str, bool]  # name, number, type, message, whether repeated

_PROPERTY_VALUE: Final[tuple[_Field, ...]] = (
    ("type", 1, _UINT32, "", False),
    ("is_null", 2, _BOOL, "", False),
    ("int_value", 3, _UINT32, "", False),
    ("long_value", 4, _UINT64, "", False),
    ("float_value", 5, _FLOAT, "", False),
    ("double_value", 6, _DOUBLE, "", False),
    ("boolean_value", 7, _BOOL, "", False),
    ("string_value", 8, _STRING, "", False),
)
_PROPERTY_SET: Final[tuple[_Field, ...]] = (
    ("keys", 1, _STRING, "", True),
    ("values", 2, _MESSAGE, "PropertyValue", True),
)
_METRIC: Final[tuple[_Field, ...]] = (
    ("name", 1, _STRING, "", False),
    ("alias", 2, _UINT64, "", False),
    ("timestamp", 3, _UINT64, "", False),
    ("datatype", 4, _UINT32, "", False),
    ("is_historical", 5, _BOOL, "", False),
    ("is_transient", 6, _BOOL, "", False),
    ("is_null", 7, _BOOL, "", False),
    ("metadata", 8, _BYTES, "", False),
    ("properties", 9, _MESSAGE, "PropertySet", False),
    ("int_value", 10, _UINT32, "", False),
    ("long_value", 11, _UINT64, "", False),
    ("float_value", 12, _FLOAT, "", False),
    ("double_value", 13, _DOUBLE, "", False),
    ("boolean_value", 14, _BOOL, "", False),
    ("string_value", 15, _STRING, "", False),
    ("bytes_value", 16, _BYTES, "", False),
    ("dataset_value", 17, _BYTES, "", False),
    ("template_value", 18, _BYTES, "", False),
)
_PAYLOAD: Final[tuple[_Field, ...]] = (
    ("timestamp", 1, _UINT64, "", False),
    ("metrics", 2, _MESSAGE, "Metric", True),
    ("seq", 3, _UINT64, "", False),
    ("uuid", 4, _STRING, "", False),
    ("body", 5, _BYTES, "", False),
)
_ONE_OF_VALUE: Final = {"PropertyValue": 3, "Metric": 10}


@cache
def payload_class() -> Any:  # the class is made at run time
    """The message class of a payload.

    Raises:
        ConfigError: protobuf is not installed.
    """
    try:
        from google.protobuf import (  # noqa: PLC0415 - an extra
            descriptor_pb2,
            descriptor_pool,
            message_factory,
        )
    except ImportError as error:
        raise ConfigError(
            "Sparkplug B needs protobuf",
            field="source.kind",
            value="mqtt",
            rule="the extra [mqtt] is installed",
            remedy="pip install 'usufruct[mqtt]'",
        ) from error
    file = descriptor_pb2.FileDescriptorProto(
        name="usufruct/sparkplug_b.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in (
        ("PropertyValue", _PROPERTY_VALUE),
        ("PropertySet", _PROPERTY_SET),
        ("Metric", _METRIC),
        ("Payload", _PAYLOAD),
    ):
        _describe(file.message_type.add(name=name), fields, _ONE_OF_VALUE.get(name))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _describe(message: Any, fields: tuple[_Field, ...], one_of_from: int | None) -> None:
    if one_of_from is not None:
        message.oneof_decl.add(name="value")
    for name, number, kind, type_name, is_repeated in fields:
        label = _REPEATED if is_repeated else _OPTIONAL
        field = message.field.add(name=name, number=number, type=kind, label=label)
        if type_name:
            field.type_name = f".{_PACKAGE}.{type_name}"
        if one_of_from is not None and number >= one_of_from:
            field.oneof_index = 0
