"""How the queries were selected, in a sentence that needs no knowledge of the sampler."""

import re
from collections.abc import Mapping

import pandas as pd

# How every reason for a selection begins: "k-center pick 1: ...", "uniform draw 1 of 9 ...".
_SAMPLER = re.compile(r"(.+?) (?:pick|draw) \d")
_MEANINGS: Mapping[str, str] = {
    "k-center": "each pick is the record farthest from all earlier ones, so that they cover the pool",
    "uniform": "each record of the pool was as likely as any other",
}


def selection_sentence(selected_queries: pd.DataFrame) -> str:
    """From `selected_because` and `selection_score`: the sampler, what it does, and how far it had to go."""
    reasons = selected_queries["selected_because"]
    found = _SAMPLER.match(str(reasons.iloc[0])) if len(reasons) else None
    if found is None:
        return "How they were chosen is not known."
    sampler = found[1]
    meaning = f": {_MEANINGS[sampler]}" if sampler in _MEANINGS else ""
    distances = selected_queries["selection_score"].dropna()
    reach = ""
    if sampler == "k-center" and len(distances) > 1:
        reach = f" (distance {distances.iloc[0]:.2f} for the 2nd pick, {distances.iloc[-1]:.2f} for the last)"
    return f"Sampler {sampler}{meaning}{reach}."
