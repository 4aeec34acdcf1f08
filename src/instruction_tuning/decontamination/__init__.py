"""Benchmark test items that leaked into the pool."""
