"""What a model is trained on: answered examples, and the documents that keep what it knew."""
