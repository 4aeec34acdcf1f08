"""How the queries were selected, in a sentence that needs no knowledge of the sampler."""

from collections.abc import Mapping

import pandas as pd

_MEANINGS: Mapping[str, tuple[str, str]] = {
    "k_center_greedy": (
        "k-center",
        "each pick is the record farthest from all earlier ones, so that they cover the pool",
    ),
    "uniform": ("uniform", "each record of the pool was as likely as any other"),
}


def selection_sentence(selected_queries: pd.DataFrame) -> str:
    """From `sampler` and `selection_score`: the sampler, what it does, and how far it had to go."""
    if selected_queries.empty:
        return "None was selected."
    sampler = str(selected_queries["sampler"].iloc[0])
    name, meaning = _MEANINGS.get(sampler, (sampler, ""))
    distances = selected_queries["selection_score"].dropna()
    reach = ""
    if sampler == "k_center_greedy" and len(distances) > 1:
        reach = f" (distance {distances.iloc[0]:.2f} for the 2nd pick, {distances.iloc[-1]:.2f} for the last)"
    return f"Sampler {name}{f': {meaning}' if meaning else ''}{reach}."
