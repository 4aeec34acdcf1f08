"""Which training data are of a benchmark's own training split: scores there are not those of an unseen
task."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from instruction_tuning.schemas.contamination_report import IN_DISTRIBUTION_FLAG


def in_distribution(flags: pd.Series) -> dict[str, int]:
    """Benchmark -> rows that ingestion flagged for it, by name; `flags` (N,) of lists of texts, null for
    unknown. A record may be of several benchmarks."""
    counts = Counter(
        flag.removeprefix(IN_DISTRIBUTION_FLAG)
        for row in flags
        if isinstance(row, Iterable) and not isinstance(row, str)
        for flag in row
        if flag.startswith(IN_DISTRIBUTION_FLAG)
    )
    return dict(sorted(counts.items()))
