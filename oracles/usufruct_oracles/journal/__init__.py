"""The journal: everything that was received, with its verdict, before anything else is done with it.

`usufruct_oracles.journal.journal.Journal` is the way in. Nothing is re-exported here: what the journal is
made of would then import it while it is itself being imported.
"""
