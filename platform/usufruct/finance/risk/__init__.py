"""Risk: correlated simulation of incomes, what it means for tranches, and stress."""
