"""The Markdown card of a model version: what it is, how it did, what was decided, what that does not say."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from instruction_tuning.reporting.wording import FORM_NAMES, percent, points_with_interval
from instruction_tuning.schemas.benchmark_metrics import ROLES

_LIMITS = """\
Exact match on short answers, greedy decoding, one prompt for each item and form. The intervals cover the
choice of items, not of training seeds. Nothing here measures safety, long answers or dialogue."""


def model_card(metrics: pd.DataFrame, comparisons: pd.DataFrame, verdict: Mapping[str, Any]) -> str:
    """A card of some 40 lines: verdict with reasons, one table a form, limits, the command."""
    roles = [role for role in ROLES if (metrics["model_role"] == role).any()]
    macro_items = int(metrics[metrics["ability"] == "macro"]["items"].max())
    lines = [
        "# Supervised fine-tuned model",
        "",
        f"Weights and tokenizer: digest `{verdict['candidate_digest']}`.",
        "",
        f"## Verdict: {verdict['verdict']}",
        "",
        f"Incumbent: {verdict['incumbent']}; tolerated loss {verdict['delta'] * 100:g} points, "
        f"level {verdict['alpha']:g}, one-sided.",
        "",
        *(f"- **{check['outcome']}** {check['name']}: {check['detail']}" for check in verdict["checks"]),
        "",
        "## Scores",
        "",
        f"{macro_items} unseen items in every form, percent right with intervals. `gain` is the paired "
        "difference from the base in points.",
    ]
    for form, name in FORM_NAMES.items():
        lines += ["", f"### {name} (`{form}`)", "", *_table(form, roles, metrics, comparisons)]
    lines += ["", "## Limits", "", _LIMITS, "", "## Measure it again", ""]
    lines += ["```", "kedro run --pipeline=evaluation --params=candidate=<this version or its folder>", "```"]
    return "\n".join(lines) + "\n"


def _table(form: str, roles: Sequence[str], metrics: pd.DataFrame, comparisons: pd.DataFrame) -> list[str]:
    of_form = metrics[metrics["form"] == form].set_index(["model_role", "ability"])
    gains = comparisons[(comparisons["form"] == form) & (comparisons["reference_role"] == "base")]
    by_ability = gains.set_index("ability")
    abilities = [*sorted(set(gains["ability"]) - {"macro"}), "macro"]
    lines = [f"| ability | {' | '.join(roles)} | gain |", f"|---|{'---:|' * (len(roles) + 1)}"]
    for ability in abilities:
        cells = [
            f"{percent(row['accuracy'])} [{percent(row['ci_low'])}, {percent(row['ci_high'])}]"
            for row in (of_form.loc[(role, ability)] for role in roles)
        ]
        lines.append(f"| {ability} | {' | '.join(cells)} | {points_with_interval(by_ability.loc[ability])} |")
    return lines
