"""Public data sets as a community: the same drop folder, a real month, tariffs from the data where it has them."""
