"""New instructions to learn from, made by a model; each with where it came from and what it cost."""
