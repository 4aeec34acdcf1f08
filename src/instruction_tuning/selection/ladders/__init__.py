"""Versions of one request or answer in rising order, scored beside each other: what a scorer learns from."""
