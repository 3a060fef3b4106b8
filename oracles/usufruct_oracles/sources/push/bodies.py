"""The body of a push: `{"messages": [{"meter", "form", "text" or "base64", "scheme"?, "signature"?}, …]}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from usufruct.core.documents import text
from usufruct.core.encoding import load_json, unhex
from usufruct.core.signing import SCHEMES, SIGNATURE_LENGTH
from usufruct.errors import InputError
from usufruct_oracles.sources.grouping import Delivery
from usufruct_oracles.sources.ocmf.encodings import Malformed, from_base64

MAX_MESSAGES: Final = 500
"""Most messages of a request."""
MAX_CONTENT: Final = 256 * 1024
"""Most bytes of a message."""

_KEYS: Final = frozenset({"meter", "form", "text", "base64", "scheme", "signature"})
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_FORM: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}/[1-9][0-9]{0,2}", re.ASCII)


def parse_body(body: bytes, source: str) -> list[Delivery]:
    """The deliveries in a request's body.

    Args:
        body: The body.
        source: Where they come from, for people.

    Raises:
        InputError: It is something else; the field names the message, from 0, and its member.
    """
    top = load_json(body)
    found = top.get("messages") if isinstance(top, dict) and set(top) == {"messages"} else None
    if not isinstance(found, list) or not 0 < len(found) <= MAX_MESSAGES:
        rule = f'{{"messages": […]}} with 1 to {MAX_MESSAGES} of them'
        raise _wrong("messages", "…", rule)
    return [_delivery(each, f"messages[{index}]", source) for index, each in enumerate(found)]


def _delivery(value: object, name: str, source: str) -> Delivery:
    if not isinstance(value, dict) or not set(value) <= _KEYS:
        raise _wrong(name, "…", "an object with " + ", ".join(sorted(_KEYS)))
    meter = _matching(value, "meter", _CODE, name, "a code such as charger-01")
    form = _matching(value, "form", _FORM, name, "a form such as ocmf/1")
    scheme, signature = _signature(value, name)
    return Delivery(source, meter, form, _content(value, name), scheme, signature)


def _matching(
    value: Mapping[str, object], key: str, pattern: re.Pattern[str], name: str, rule: str
) -> str:
    found = text(value.get(key), f"{name}.{key}")
    if pattern.fullmatch(found) is None:
        raise _wrong(f"{name}.{key}", found, rule)
    return found


def _content(value: Mapping[str, object], name: str) -> bytes:
    if ("text" in value) == ("base64" in value):
        raise _wrong(f"{name}.text", "…", "either text or base64")
    try:
        if "text" in value:
            content = text(value["text"], f"{name}.text").encode()
        else:
            content = from_base64(text(value["base64"], f"{name}.base64"))
    except (Malformed, UnicodeEncodeError) as error:
        raise _wrong(f"{name}.base64", "…", "padded base64, or a text of valid Unicode") from error
    if not 0 < len(content) <= MAX_CONTENT:
        raise _wrong(name, f"{len(content)} bytes", f"1 to {MAX_CONTENT} bytes")
    return content


def _signature(value: Mapping[str, object], name: str) -> tuple[str, bytes]:
    if ("scheme" in value) != ("signature" in value):
        raise _wrong(f"{name}.signature", "…", "scheme and signature, or neither")
    if "scheme" not in value:
        return "", b""
    scheme = text(value["scheme"], f"{name}.scheme")
    if scheme not in SCHEMES:
        raise _wrong(f"{name}.scheme", scheme, "one of " + ", ".join(SCHEMES))
    return scheme, unhex(text(value["signature"], f"{name}.signature"), SIGNATURE_LENGTH)


def _wrong(name: str, value: object, rule: str) -> InputError:
    return InputError(
        f"{name} is not valid",
        field=name,
        value=value,
        rule=rule,
        remedy="correct the request as protocol §4d says",
    )
