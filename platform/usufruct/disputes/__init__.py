"""Objective disputes: finding faults in stored evidence and proving them to the contract that decides."""
