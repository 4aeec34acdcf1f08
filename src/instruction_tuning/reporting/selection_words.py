"""How the queries were selected, in a sentence that needs no knowledge of the sampler."""

from collections.abc import Mapping

import pandas as pd

_MEANINGS: Mapping[str, tuple[str, str]] = {
    "k_center": (
        "k-center",
        "each pick is the record farthest from all earlier ones, so that they cover the pool",
    ),
    "uniform": ("uniform", "each record of the pool was as likely as any other"),
    "facility_location": (
        "facility location",
        "each pick is the one that brings the whole pool nearest to the picks",
    ),
    "clusters": ("clusters", "each cluster of like records gets its quota"),
    "instag": ("InsTag", "records of most tags first, as long as they add a tag that is not there yet"),
    "tag_balance": ("tag balance", "records of rare tags are more likely than those of frequent ones"),
    "deita": ("Deita", "the most complex and best answered first, unless a picked one is too near"),
    "alpagasus": ("AlpaGasus", "the answers that a judge rated highest"),
    "lima": ("LIMA", "each source its share, in it what keeps the rules of good answers"),
    "ifd": ("IFD", "records whose prompt helps the model least with the answer"),
    "superfiltering": ("Superfiltering", "records whose prompt helps the model least, by perplexities"),
    "capability": ("capability", "records that the base neither masters nor is far from"),
    "learnability": ("learnability", "records that the champion has learnt since the base"),
    "diverse_evol": ("DiverseEvol", "in rounds, what is farthest from what the model has learnt so far"),
    "cheap_and_good": ("cheap and good", "bad answers out by plain rules, then facility location"),
}


def selection_sentence(selected_queries: pd.DataFrame) -> str:
    """From `sampler` and `selection_score`: the method, what it does, and how far it had to go."""
    if selected_queries.empty:
        return "None was selected."
    sampler = str(selected_queries["sampler"].iloc[0])
    name, meaning = _MEANINGS.get(sampler, (sampler, ""))
    distances = selected_queries["selection_score"].dropna()
    reach = ""
    if sampler == "k_center" and len(distances) > 1:
        reach = f" (distance {distances.iloc[0]:.2f} for the 2nd pick, {distances.iloc[-1]:.2f} for the last)"
    return f"Method {name}{f': {meaning}' if meaning else ''}{reach}."
