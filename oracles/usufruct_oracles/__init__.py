"""Oracle workers: they validate readings, price them, sign batches and statements."""
