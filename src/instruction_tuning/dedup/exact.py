"""Exact duplicates: records with the same `record_id`, that is, the same roles and contents throughout.

The same prompt with another answer is another record. O(N) time and memory.
"""

from collections.abc import Sequence


def exact_duplicates(record_ids: Sequence[str], order: Sequence[int]) -> dict[int, int]:
    """Position of each copy -> position of the one that stays: the first of them in `order`.

    `order` lists all positions from the most to the least worth keeping (`keeping_order`).

    >>> exact_duplicates(["a", "b", "a"], order=[2, 1, 0])
    {0: 2}
    """
    kept: dict[str, int] = {}
    return {
        position: kept[record_ids[position]]
        for position in order
        if kept.setdefault(record_ids[position], position) != position
    }
