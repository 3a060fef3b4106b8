"""Pure rules of the protocol: encodings, hashes, statements, waterfall, accrual. No input/output."""
