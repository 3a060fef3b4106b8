"""The parts of `scripts/deep` that compare a tool's findings with what is answered."""
