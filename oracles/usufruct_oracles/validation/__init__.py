"""Which readings count: pure functions from rows and files to verdicts, each with reason and remedy."""
