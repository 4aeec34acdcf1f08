"""What each method costs on one pool: requests, tokens, money and seconds.

Requests are those that its scores needed, whether this run sent them or an earlier one. Seconds are those of
measuring its scores and of its sampler; embedding the pool, which serves all methods, and what `pool_ratings`
takes to ask and to train are not among them.
"""

from collections.abc import Mapping

import pandas as pd

from instruction_tuning.selection.methods import SCORES, Method

# The requests (schemas.teacher_completions: kind) behind what a score needs.
KINDS: Mapping[str, tuple[str, ...]] = {
    "difficulty_ratings": ("difficulty",),
    "judge_ratings": ("rating",),
    "complexity_scorer": ("complexity_evolution", "joint_complexity"),
    "quality_scorer": ("quality_evolution", "joint_quality"),
}


def method_costs(
    methods: Mapping[str, Method],
    completions: pd.DataFrame,
    score_seconds: "pd.Series[float]",
    sampling_seconds: "pd.Series[float]",
    *,
    tags_by_model: bool,
) -> pd.DataFrame:
    """`method`, `model_calls`, `tokens`, `usd`, `seconds` for the whole pool.

    `completions` are all requests of `pool_ratings`; the seconds are by score (and `tags`), and by method.
    """
    sent = completions.drop_duplicates("request_id")
    of_kind = sent.groupby("kind").agg(
        model_calls=("request_id", "size"), usd=("price_usd", "sum"), tokens=("prompt_tokens", "sum")
    )
    of_kind["tokens"] += completions.groupby("kind")["completion_tokens"].sum()
    rows = []
    for name, method in methods.items():
        needs = {need for score in method.scores for need in SCORES[score]}
        needs |= {"tags"} if method.looks_at == "tags" else set()
        kinds = {kind for need in needs for kind in KINDS.get(need, ())}
        kinds |= {"tagging"} if tags_by_model and "tags" in needs else set()
        asked = of_kind.reindex(sorted(kinds)).sum()
        # A score that is made of tags has their seconds in its own.
        has_tags = any("tags" in SCORES[score] for score in method.scores)
        measured = [*method.scores, *(["tags"] if method.looks_at == "tags" and not has_tags else [])]
        rows.append(
            {
                "method": name,
                "model_calls": int(asked["model_calls"]),
                "tokens": int(asked["tokens"]),
                "usd": float(asked["usd"]),
                "seconds": float(score_seconds.reindex(measured).sum() + sampling_seconds[name]),
            }
        )
    return pd.DataFrame(rows)
