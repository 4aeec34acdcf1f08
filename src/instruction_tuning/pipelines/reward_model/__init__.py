"""A reward model from rated answers, and what best-of-n gains with it."""
