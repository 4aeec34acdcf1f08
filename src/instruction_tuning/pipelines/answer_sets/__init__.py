"""Two answer sets of the same prompts, side by side."""
