"""The cash leg outside the chain: payment files for a bank, and its confirmations compared with what was paid out.

A bank transfer passes on what was paid on the chain to a wallet that a paying agent holds for an investor. It is never
made before that payment is final, and one payout has at most one transfer that was not returned.
"""
