"""Forecasts of cash flows: methods, and how wrong they were."""
