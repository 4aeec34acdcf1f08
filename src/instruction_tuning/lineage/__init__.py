"""Where a record or a model comes from and what became of it, answered from stored data alone."""
