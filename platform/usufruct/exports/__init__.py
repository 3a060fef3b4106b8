"""What leaves the ledger on paper and in files: statements of account, tax summaries, registers, bank files.

Every figure comes from the ledger, and every sum is checked to the unit before anything is written.
"""
