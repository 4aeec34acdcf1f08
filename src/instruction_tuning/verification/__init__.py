"""Checks of answers: what can be known about one without asking a person."""
