"""Questions to the ledger: statements built once, run by synchronous and asynchronous code alike."""
