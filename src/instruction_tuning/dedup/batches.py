"""How much is worked on at a time, and by how many threads."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np


def usable_cores() -> int:
    """How many threads can work at one time."""
    # macOS knows no affinity.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches_of(sizes: np.ndarray[Any, np.dtype[Any]], most: int) -> Iterator[tuple[int, int]]:
    """Where batches of neighbours begin and end whose sizes add up to `most`, or of one that is larger."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(ends):
        done = ends[start - 1] if start else 0
        end = max(int(np.searchsorted(ends, done + most, side="right")), start + 1)
        yield start, end
        start = end
