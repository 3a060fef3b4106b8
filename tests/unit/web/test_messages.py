"""The catalogue is complete: both languages, the same values in both, every key used and every used key there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from usufruct.contracts.shared import Refusal
from usufruct.web.messages import LANGUAGES, MESSAGES
from usufruct.web.month import checklist

WEB = Path(__file__).resolve().parents[3] / "platform" / "usufruct" / "web"
_CALL = re.compile(r"""\b(?:w\.)?t\(\s*'([^']+)'(\s*~)?""")
_MAYBE = re.compile(r"""\bw\.maybe\(\s*'([^']+)'""")
_SAY = re.compile(r"""\bsay\((?:\w+ \? "([^"]+)" : )?["`]([^"`$]+)""")
_SHOW = re.compile(r"""\bshow\([^,()]+, (?:\w+ \? "([^"]+)" : )?"([^"]+)\"""")
_HINDERED = re.compile(r"""(?:Hindrance\(|say: )()"([^"]+)\"""")
_REFUSED = ("rejected", "pending", "unknown-chain", "refused")
"""What `refusal` of wallets.js gives."""


def used() -> tuple[set[str], set[str]]:
    """Keys that templates and scripts name, and prefixes of those that they put together."""
    keys, prefixes = set(), set()
    for path in (WEB / "templates").glob("*.html"):
        text = path.read_text()
        for key, joined in _CALL.findall(text):
            (prefixes if joined else keys).add(key)
        prefixes.update(f"{name}." for name in _MAYBE.findall(text))
        # Conditional and listed keys stand as literals too.
        keys.update(name for name in re.findall(r"'([a-z0-9.-]+)'", text) if name in MESSAGES)
    for script, prefix in (
        ("payout.js", "verify."),
        ("acting.js", "claim.js."),
        ("acting.js", "subscribe.js."),
        ("subscribe.js", "subscribe.js."),
        ("signin.js", "sign-in.js."),
        ("workbench.js", "workbench.js."),
    ):
        code = (WEB / "static" / script).read_text()
        keys.update(prefix + each for each in _REFUSED if "refusal(error)" in code)
        for one, two in [*_SAY.findall(code), *_SHOW.findall(code), *_HINDERED.findall(code)]:
            for name in filter(None, (one, two)):
                (prefixes if name.endswith(".") else keys).add(prefix + name)
    return keys, prefixes


def test_each_text_is_there_in_each_language() -> None:
    assert [key for key, texts in MESSAGES.items() if set(texts) != set(LANGUAGES)] == []
    empty = [
        key for key, texts in MESSAGES.items() if not all(each.strip() for each in texts.values())
    ]
    assert empty == []


def test_chinese_texts_are_chinese() -> None:
    units = {
        "unit.Wh",
        "unit.L",
        "unit.s",
        "workbench.js.finding",
        "workbench.js.knob.of",
        "comma",
        "stop",
    }
    plain = [
        key for key, texts in MESSAGES.items() if not re.search("[\u4e00-\u9fff]", texts["zh"])
    ]
    assert set(plain) <= units
    halved = [
        key for key, texts in MESSAGES.items() if re.search("[\u4e00-\u9fff][,;:?!]", texts["zh"])
    ]
    assert halved == [], "punctuation between Chinese characters is full width"


@pytest.mark.parametrize("key", sorted(MESSAGES))
def test_both_languages_take_the_same_values(key: str) -> None:
    names = [
        sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
        for text in MESSAGES[key].values()
    ]
    assert names[0] == names[1]


def test_every_used_key_is_in_the_catalogue() -> None:
    keys, prefixes = used()
    assert len(keys) > 100
    assert sorted(keys - set(MESSAGES)) == []
    lost = [each for each in prefixes if not any(key.startswith(each) for key in MESSAGES)]
    assert sorted(lost) == []


def test_every_key_of_the_catalogue_is_used() -> None:
    keys, prefixes = used()
    for name in ("words.py", "starter.py"):
        keys.update(re.findall(r"""\b_?t\(['"]([a-z.-]+)['"]""", (WEB / name).read_text()))
    more = {"verify.link.", "verify.state.", "verify.found.", "verify.open.", "unit.", "label."}
    idle = [
        key for key in MESSAGES if key not in keys and not key.startswith(tuple(prefixes | more))
    ]
    assert idle == []


def test_what_the_module_says_is_in_the_catalogue() -> None:
    text = "".join(path.read_text() for path in (WEB / "static").glob("verify*.js"))
    text += (WEB / "static" / "verify" / "corrections.js").read_text()
    found = {f"verify.found.{each}" for each in re.findall(r'key: "([a-z]+)"', text)}
    open_ = {
        f"verify.open.{each}"
        for part in re.findall(r"open(?: =|:)[^;\n]*?\[([^\]]+)\]", text)
        for each in re.findall(r'"([a-z]+)"', part)
    }
    links = re.search(r"LINKS = Object.entries\(\{([^}]+)\}", text)
    assert links is not None
    named = {f"verify.link.{each.strip()}" for each in links[1].split(",")}
    assert len(found) >= 9
    assert len(open_) >= 6
    assert sorted((found | open_ | named) - set(MESSAGES)) == []


def test_every_refusal_and_every_line_of_the_checklist_has_words() -> None:
    reasons = [each.name.lower().replace("_", "-") for each in Refusal if each is not Refusal.NONE]
    assert [each for each in reasons if f"refuses.{each}" not in MESSAGES] == []
    stated = {
        "status": "attested",
        "evidence": "checked",
        "attested": {"time": "2026-10-01T00:00:00Z"},
        "final_at": "2026-10-04T00:00:00Z",
        "distributable": {"amount": "5"},
    }
    items = checklist(stated, None, 0, 0) + checklist(None, None, 0, 0)
    assert [each.key for each in items if f"check.{each.key}" not in MESSAGES] == []
