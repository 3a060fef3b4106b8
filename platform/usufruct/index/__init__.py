"""The index: follows the chain block by block into the ledger, exactly once, through every reorganisation."""
