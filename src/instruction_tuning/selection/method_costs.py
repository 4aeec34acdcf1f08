"""What each method costs on one pool: requests, tokens, money and seconds.

Requests are those that its scores needed, whether this run sent them or an earlier one. Seconds are those of
measuring its scores and of its sampler; embedding the pool, which serves all methods, and what `pool_ratings`
takes to ask and to train are not among them.
"""

from collections.abc import Mapping

import pandas as pd

from instruction_tuning.selection.recipes import Method

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

    `completions` are all requests of `pool_ratings`; the seconds are by score and by what scores
    share (`tags`, `likelihoods`), and by method.
    """
    # Tokens and price of a request stand on the first of its rows.
    columns = ["prompt_tokens", "completion_tokens", "price_usd"]
    of_kind = completions.groupby("kind")[columns].sum()
    of_kind["model_calls"] = completions.groupby("kind")["request_id"].nunique()
    rows = []
    for name, method in methods.items():
        kinds = {kind for need in method.needs for kind in KINDS.get(need, ())}
        kinds |= {"tagging"} if tags_by_model and "tags" in method.needs else set()
        asked = of_kind.reindex(sorted(kinds)).sum()
        measured = score_seconds.reindex([*method.scores, *sorted(method.needs)]).sum()
        rows.append(
            {
                "method": name,
                "model_calls": int(asked["model_calls"]),
                "tokens": int(asked["prompt_tokens"] + asked["completion_tokens"]),
                "usd": float(asked["price_usd"]),
                "seconds": float(measured + sampling_seconds[name]),
            }
        )
    return pd.DataFrame(rows)
