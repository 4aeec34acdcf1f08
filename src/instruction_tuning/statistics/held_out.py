"""How many of a set are held out to measure on: the same for the run and for what is told before it."""

import math


def held_out_number(distinct: int, *, share: float, minimum: int) -> int:
    """Of `distinct` things a share in [0, 1], rounded up; `minimum` at least, but no more than a quarter of a
    small set for its sake. One always stays to train on.
    """
    wanted = max(math.ceil(share * distinct), min(minimum, max(1, distinct // 4)))
    return max(min(wanted, distinct - 1), 0)
