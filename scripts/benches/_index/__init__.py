"""What the bench of the index stands on: a made-up chain, a node that serves it, and the plain indexer beside it."""
