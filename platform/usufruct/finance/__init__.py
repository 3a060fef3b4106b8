"""Finance: value, structure and stress of income rights.

Pure functions below; files, tables and the command line at the edge. Money that is promised is `Decimal` or whole
minor units, what is simulated is numpy. Every refusal names field, value, rule and remedy.
"""
