"""Seeds that do not depend on the order of work.

A substream belongs to (seed, key), so that a record gets the same random choices whatever the batch
size, thread count or row order.
"""

import hashlib
import random


def substream_seed(seed: int, *key: object) -> int:
    """A 63-bit seed for `key` under `seed`; stable across processes, platforms and Python versions."""
    text = "\x1f".join([str(seed), *(str(part) for part in key)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def substream(seed: int, *key: object) -> random.Random:
    """A `random.Random` of its own for `key` under `seed`."""
    return random.Random(substream_seed(seed, *key))
