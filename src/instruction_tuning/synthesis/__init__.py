"""New instructions from a language model: from seed tasks, three shots, a textbook, or older instructions."""
