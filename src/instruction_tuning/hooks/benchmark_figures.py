"""Benchmark frames as the flat numbers that MLflow plots."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("accuracy", "ci_low", "ci_high", "extraction_rate")


def benchmark_scores(metrics: "pd.DataFrame") -> dict[str, dict[str, float]]:
    """By model role: `{form}/{ability}/{figure}` (`base/...` before those that are not the candidate's)."""
    scores: dict[str, dict[str, float]] = {}
    for row in metrics.to_dict(orient="records"):
        role = str(row["model_role"])
        prefix = "" if role == "candidate" else f"{role}/"
        for figure in _SHOWN:
            if row.get(figure) is not None:
                scores.setdefault(role, {})[f"{prefix}{row['form']}/{row['ability']}/{figure}"] = row[figure]
    return scores


def benchmark_gains(comparisons: "pd.DataFrame") -> dict[str, float]:
    """`gain_over_base/{form}/{ability}`: candidate minus reference."""
    return {
        f"gain_over_{row['reference_role']}/{row['form']}/{row['ability']}": row["difference"]
        for row in comparisons.to_dict(orient="records")
    }
