"""Answers to selected queries: asking for them, and choosing among them."""
