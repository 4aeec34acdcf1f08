"""How far a loop over batches is: a bar on a terminal, a plain line now and then when piped."""

import logging
import sys
import time
from collections.abc import Iterator, Sequence

logger = logging.getLogger(__name__)

EVERY_SECONDS = 30.0


def with_progress(
    what: str,
    batches: Sequence[list[int]],
    lengths: Sequence[int],
    *,
    every_seconds: float = EVERY_SECONDS,
) -> Iterator[list[int]]:
    """The `batches` of row numbers one by one, telling how many of the rows' tokens are done.

    `lengths` are the rows' tokens, in which the time left is counted: batches are not alike.
    """
    from tqdm import tqdm

    total = sum(lengths[row] for rows in batches for row in rows)
    done, started = 0, time.monotonic()
    told = started
    with tqdm(total=total, desc=what, unit="token", unit_scale=True, disable=not sys.stderr.isatty()) as bar:
        for rows in batches:
            yield rows
            tokens = sum(lengths[row] for row in rows)
            done += tokens
            bar.update(tokens)
            now = time.monotonic()
            if bar.disable and now - told >= every_seconds and done < total:
                told = now
                speed = done / (now - started)
                left = (total - done) / speed
                logger.info("%s: %d of %d tokens, %.0f tokens/s, %.0f s left", what, done, total, speed, left)
