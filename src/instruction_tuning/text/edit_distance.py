"""Levenshtein's distance between two texts, or two lists of words, bit-parallel.

Myers 1999 (J. ACM 46:395) in Hyyrö's form (2003): a column of the table of distances is two integers of m
bits, its vertical steps up and down, and a part of the other sequence moves all of it at once. O(n · m /
word) with Python's long integers; some thousands of characters take a millisecond.
"""

from collections.abc import Hashable, Sequence


def edit_distance(first: Sequence[Hashable], second: Sequence[Hashable]) -> int:
    """The least number of insertions, deletions and substitutions that turn one sequence into the other.

    >>> edit_distance("kitten", "sitting")
    3
    """
    if len(first) < len(second):
        first, second = second, first
    if not second:
        return len(first)
    places: dict[Hashable, int] = {}
    for place, part in enumerate(second):
        places[part] = places.get(part, 0) | 1 << place
    mask, last = (1 << len(second)) - 1, 1 << (len(second) - 1)
    rises, falls, distance = mask, 0, len(second)
    for part in first:
        equal = places.get(part, 0)
        diagonal = (((equal & rises) + rises) ^ rises) | equal | falls
        across_rises = falls | ~(diagonal | rises) & mask
        across_falls = rises & diagonal
        distance += ((across_rises & last) != 0) - ((across_falls & last) != 0)
        across_rises = (across_rises << 1 | 1) & mask
        across_falls = across_falls << 1 & mask
        rises = across_falls | ~(diagonal | across_rises) & mask
        falls = across_rises & diagonal
    return distance
