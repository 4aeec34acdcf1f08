"""New instructions from a language model: Self-Instruct, Unnatural Instructions, textbooks."""
