"""Counterfactual replay: what a period would have paid if a reading or a price had been another."""
