"""The journal: everything that was received, with its verdict, before anything else is done with it."""

from usufruct_oracles.journal.journal import Journal

from usufruct_oracles.journal.ingest import IngestReport

__all__ = ["IngestReport", "Journal"]
