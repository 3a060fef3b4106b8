"""Generator of the Python bindings: compile (solidity), read the ABI (model), write modules (emit)."""
