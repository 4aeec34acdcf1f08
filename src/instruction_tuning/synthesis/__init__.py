"""New instructions and examples that a language model writes, or finds in texts."""
