"""Indicators: the twenty of P4, its sizing, the scorecard of P1, capabilities and diversification of a community."""
