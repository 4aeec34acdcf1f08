"""Intervals for proportions and tests for paired outcomes."""
