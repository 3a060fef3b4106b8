"""What the doctor says of things that are due."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from usufruct.keeper.status import Due
from usufruct.money import Currency
from usufruct.ops import project


def test_what_is_late_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    due = Due("statement", "VPP period 2", 0, "no statement is attested")
    for name in ("KeeperSite", "DryRun", "Keeper"):
        monkeypatch.setattr(project, name, lambda *_: None)
    monkeypatch.setattr(project, "status", lambda *_: [due])
    client: Any = SimpleNamespace(block=lambda _: SimpleNamespace(timestamp=10**9))
    nothing: Any = None
    (found,) = project.due_findings(client, nothing, nothing, Currency("USDX", 6), None, 86_400)
    assert found.what == "statement VPP period 2"
    assert found.text.startswith("since 1970-01-01")
    assert "VPP" not in found.text
    assert due.line() == f"VPP period 2: {found.text}"
