"""The REST interface: what the ledger holds, as JSON, with every figure traceable to the chain."""
