"""Intervals for proportions, tests for paired outcomes, the bootstrap over clusters."""
