"""The gas bench, one module for each part of the product; each has `rows(url)`."""
