"""The journal: everything that was received, with its verdict, before anything else is done with it."""

from usufruct_oracles.journal.ingest import IngestReport
from usufruct_oracles.journal.journal import Journal

__all__ = ["IngestReport", "Journal"]
