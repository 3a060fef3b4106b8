"""Requests that come all at once for those that count them, however long each takes."""

from __future__ import annotations

import pytest

from usufruct.api.rates import Rates


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no time pass for limits on rates: no token comes back."""
    counted = Rates.wait

    def wait(self: Rates, caller: str, _: float, cost: float = 1.0) -> float:
        return counted(self, caller, 0.0, cost)

    monkeypatch.setattr(Rates, "wait", wait)
