"""The synthetic ledger and the servers of the bench `api`."""
