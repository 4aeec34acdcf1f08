"""Comparison data in words and tables: what the judge's scores tell, and what they do not."""

from functools import partial

import pandas as pd

from instruction_tuning.reporting.markdown_table import markdown_row
from instruction_tuning.reward.comparison_measures import SATURATED


def comparison_report(metrics: dict[str, float], wins: pd.DataFrame, effects: pd.DataFrame) -> str:
    """Markdown; a figure that was not measured says so."""
    models = sorted(name.removesuffix("/scored") for name in metrics if name.endswith("/scored"))
    lines = [
        *("# Comparison data", "", *_sentences(metrics), ""),
        "Intervals are 95%, by bootstrap over queries.\n",
        markdown_row(["model", "scored", "mean score", f"{SATURATED} or more"]),
        "|---|---:|---:|---:|",
    ]
    lines += [
        markdown_row(
            [
                model,
                f"{metrics[f'{model}/scored']:.0f}",
                _with_interval(metrics, f"{model}/mean_score"),
                _percent(metrics, f"{model}/saturation_rate"),
            ]
        )
        for model in models
    ]
    lines += ["", markdown_row(["first", "second", "wins", "ties", "losses"]), "|---|---|---:|---:|---:|"]
    lines += [markdown_row([str(cell) for cell in row]) for row in wins.itertuples(index=False)]
    lines += ["", markdown_row(["answers shown", "place", "points", "ratings"]), "|---:|---:|---:|---:|"]
    for row in effects.to_dict("records"):
        effect = f"{row['effect']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]"
        lines.append(markdown_row([str(row["places"]), str(row["place"]), effect, str(row["ratings"])]))
    return "\n".join(lines) + "\n"


def _sentences(metrics: dict[str, float]) -> list[str]:
    share, points = partial(_percent, metrics), partial(_with_interval, metrics)
    counted = {name: f"{metrics[name]:.0f}" for name in ("answers", "models", "queries", "scored", "pairs")}
    both = [
        f"- **Alone or side by side**: of the answers rated both ways {share('alone_saturation_rate')} and "
        f"{share('joint_saturation_rate')} get {SATURATED} or more."
    ]
    if "alone_minus_joint" not in metrics:
        both = []
    return [
        "{answers} answers of {models} models to {queries} queries, {scored} with a score.".format(**counted),
        f"Of the others {metrics['unscored']:.0f} had none that could be read; {metrics['no_answer']:.0f} "
        "answers never came.",
        "",
        f"- **Saturation**: {share('saturation_rate')} of the scores are {SATURATED} or more, "
        f"{share('highest_score_rate')} are 10.",
        f"- **Ties**: {share('tie_rate')} of {counted['pairs']} pairs; {share('same_text_rate')} are of one "
        f"text; {share('less_than_a_point_rate')} more are less than a point apart, which a mean over orders "
        "leaves of most ties: `reward_model.min_margin` keeps them out of training. In the data of GPT-4-LLM "
        "(arXiv 2304.03277) 69% tie between the two strong models.",
        f"- **Place**: shown first an answer gets {points('first_minus_last_place')} points more than shown "
        f"last; {share('order_consistency_rate')} of the pairs have one verdict in all orders.",
        f"- **Self-preference**: the judge's own answers get {points('self_preference')} points more than "
        "the others, which holds what they are better by; among answers with the same check it is "
        f"{points('self_preference_same_check')}.",
        *both,
    ]


def _percent(metrics: dict[str, float], name: str) -> str:
    return f"{100 * metrics[name]:.1f}%" if name in metrics else "not measured"


def _with_interval(metrics: dict[str, float], name: str) -> str:
    if name not in metrics:
        return "not measured"
    return f"{metrics[name]:.2f} [{metrics[f'{name}_ci_low']:.2f}, {metrics[f'{name}_ci_high']:.2f}]"
