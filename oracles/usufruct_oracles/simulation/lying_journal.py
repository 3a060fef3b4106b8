"""Makes a worker's journal lie: records stay as the meters signed them, and what is counted of them is another."""

from __future__ import annotations

from typing import Final

ALTER_READINGS: Final = """
CREATE TRIGGER IF NOT EXISTS lie AFTER INSERT ON readings BEGIN
    UPDATE readings SET quantity = quantity + 1
    WHERE meter = NEW.meter AND "end" = NEW."end" AND duration = NEW.duration AND rev = NEW.rev;
END
"""
"""Run in an SQLite journal, it adds one base unit to every reading that comes in from now on."""
