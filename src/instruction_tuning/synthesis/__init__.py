"""New instructions from a language model: bootstrapped from seed tasks, from three shots, from a textbook."""
