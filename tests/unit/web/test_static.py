"""The files that pages load: vendored copies as their packages, enough contrast, nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "platform" / "usufruct" / "web" / "static"
_OWN = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
_TEXT = 4.5
_SHAPE = 3.0


def test_vendored_files_are_those_of_the_packages() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "vendor.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_modules_import_nothing_but_each_other() -> None:
    for path in [*STATIC.rglob("*.js")]:
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for name in re.findall(
            r"""^\s*(?:import|export|\})[^;]*?from\s+['"]([^'"]+)['"]""", code, re.MULTILINE
        ):
            assert name.startswith("."), f"{path.name} imports {name}"
            assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"


def test_own_scripts_never_make_html_or_code_from_text() -> None:
    banned = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:"
    )
    assert [path.name for path in _OWN if banned.search(path.read_text())] == []


def test_the_verifying_module_stays_readable() -> None:
    lines = {path.name: len(path.read_text().splitlines()) for path in _OWN}
    assert lines["verify.js"] < 400
    assert max(lines.values()) < 400
    assert max(len(line) for path in _OWN for line in path.read_text().splitlines()) <= 190


# --- Contrast (WCAG 2.2, 1.4.3 and 1.4.11) -----------------------------------------------------------


def palettes() -> dict[str, dict[str, str]]:
    """The colours of the style sheet in light and in dark."""
    text = (STATIC / "style.css").read_text()
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text.split("@media")[0]))
    dark = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text.split("@media")[1]))
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    """Contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(two)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_shapes_have_enough_contrast(scheme: str) -> None:
    colours = palettes()[scheme]
    texts = [
        *((ink, ground) for ink in ("ink", "soft", "link") for ground in ("paper", "card", "tint")),
        *((state, f"{state}-tint") for state in ("good", "warn", "bad")),
        *((state, "card") for state in ("good", "warn", "bad")),
        ("on-brand", "brand"),
    ]
    weak = [(pair, contrast(*(colours[each] for each in pair))) for pair in texts]
    assert [each for each in weak if each[1] < _TEXT] == []
    shapes = [(f"c{number}", ground) for number in range(6) for ground in ("paper", "card")]
    shapes += [("edge", "paper"), ("edge", "card")]
    weak = [(pair, contrast(*(colours[each] for each in pair))) for pair in shapes]
    assert [each for each in weak if each[1] < _SHAPE] == []


def test_the_contrast_of_black_and_white_is_21() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
