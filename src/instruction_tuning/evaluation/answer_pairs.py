"""What base and candidate said to the same questions, a few of them for a person to read. O(N log N)."""

import pandas as pd

from instruction_tuning.seeds import substream_seed

FORM = "chat_zero_shot"  # the bare question, as a user puts it


def answer_pairs(outputs: pd.DataFrame, items: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """At most `count` items, one a row: item_id, ability, question, target, then response_base, score_base,
    response_candidate and score_candidate.

    Drawn by `seed` alone, whatever was said; no ability comes twice before each has come once. Only counted
    items that are one question: of others, what was said before it would be missing.
    """
    asked = outputs[(outputs["form"] == FORM) & outputs["counted"]]
    base, candidate = (
        asked.loc[asked["model_role"] == role, ["item_id", "response", "score"]]
        for role in ("base", "candidate")
    )
    if "turns" in items:
        items = items[items["turns"].fillna("").isin(("", "[]"))]
    pairs = items[["item_id", "ability", "question", "target"]].merge(
        base.merge(candidate, on="item_id", suffixes=("_base", "_candidate"), validate="one_to_one"),
        on="item_id",
        validate="one_to_one",
    )
    lots = [substream_seed(seed, "answer_pairs", item) for item in pairs["item_id"]]
    drawn = pairs.assign(lot=lots).sort_values(["lot", "item_id"])
    rounds = drawn.groupby("ability").cumcount()
    return drawn.loc[rounds.sort_values(kind="stable").index[:count]].drop(columns="lot")
