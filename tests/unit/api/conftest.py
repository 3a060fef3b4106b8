"""Where the example community is."""

from __future__ import annotations

from pathlib import Path

COMMUNITY = Path(__file__).resolve().parents[3] / "examples" / "community.toml"
