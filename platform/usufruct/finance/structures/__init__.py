"""Structures as data: debt and shelves, look-through graphs, fund capacity, concessions, stages and strata."""
