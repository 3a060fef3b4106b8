"""Copies what the pages need of npm packages to platform/usufruct/web/static/vendor: nothing is fetched or built later.

    python scripts/vendor.py            write the copies
    python scripts/vendor.py --check    exit code 1 if they are not as the packages of package-lock.json say

Imports of one package in another are made relative, as browsers have no node_modules; nothing else is changed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "platform" / "usufruct" / "web" / "static" / "vendor"
PACKAGES = {
    "hashes": ("sha3", "sha2", "_md", "_u64", "utils", "crypto", "hmac"),
    "curves": (
        *("secp256k1", "_shortw_utils", "utils", "abstract/curve", "abstract/weierstrass"),
        *("abstract/modular", "abstract/hash-to-curve"),
    ),
}
"""Modules by package of @noble."""

_IMPORT = re.compile(r"""from ['"]@noble/hashes/(\w+?)(?:\.js)?['"]""")
_MAP = re.compile(r"\n//# sourceMappingURL=.*")


def copies() -> Iterator[tuple[Path, str]]:
    """Each file with its text."""
    for package, modules in PACKAGES.items():
        source = ROOT / "node_modules" / "@noble" / package
        folder = TARGET / f"noble-{package}"
        yield folder / "LICENSE", (source / "LICENSE").read_text()
        for module in modules:
            up = "../" * (module.count("/") + 1) if package == "curves" else "./"
            inside = f'from "{up}noble-hashes/' if package == "curves" else f'from "{up}'
            text = (source / "esm" / f"{module}.js").read_text()
            text = _MAP.sub("", _IMPORT.sub(rf'{inside}\1.js"', text))
            yield folder / f"{module}.js", text


def main(arguments: list[str]) -> int:
    """Write the copies, or with --check compare them."""
    differing = 0
    for path, text in copies():
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in arguments:
            print(f"not as its package: {path.relative_to(ROOT)}", file=sys.stderr)
            differing += 1
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
