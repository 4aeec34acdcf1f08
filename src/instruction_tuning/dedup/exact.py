"""Exact duplicates: records with the same `record_id`, that is, the same roles and contents throughout.

The same prompt with another answer is another record. O(N log N) time, O(N) memory.
"""

import numpy as np

from instruction_tuning.dedup.shingles import Array


def first_of_each(*keys: Array) -> Array:
    """For each position the first one at which all keys are the same.

    >>> first_of_each(np.array(["a", "b", "a"])).tolist()
    [0, 1, 0]
    """
    count = len(keys[0])
    order = np.lexsort(keys)  # stable: within a group by position
    new = np.ones(count, bool)
    new[1:] = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
    first = np.empty(count, np.int64)
    first[order] = order[np.maximum.accumulate(np.where(new, np.arange(count), 0))]
    return first
