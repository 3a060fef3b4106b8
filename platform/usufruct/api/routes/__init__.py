"""The resources, one module for each kind."""
