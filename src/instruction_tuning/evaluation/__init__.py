"""Measuring models on benchmarks, comparing them item by item, deciding on promotion."""
