"""The demo: one month of a community, from signed readings to verified payouts, on a local Anvil."""
