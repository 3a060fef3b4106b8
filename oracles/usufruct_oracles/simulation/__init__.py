"""Parts of the simulator: chance from hashes, daily shapes, labelled faults."""
