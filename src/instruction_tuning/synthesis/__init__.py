"""New instructions and examples that a model writes."""
