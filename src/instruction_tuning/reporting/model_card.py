"""The Markdown card of a model version: what it is, how it did, what was decided, what that does not say."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from instruction_tuning.reporting.scores_table import in_order
from instruction_tuning.reporting.wording import (
    count_list,
    in_distribution_sentence,
    incumbent_words,
    percent,
    points_with_interval,
)
from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES, MACRO, ROLES, ability_name
from instruction_tuning.text.counting import counted

_LIMITS = """\
Short answers scored by rules, some in part; greedy decoding, one prompt for each item and form. The
intervals are two-sided; the checks are one-sided tests, so an interval that touches the limit does not
contradict a check that passed. Intervals cover the choice of items, not of training seeds. Nothing here
measures safety or long answers. What stands below the mean is measured and decides nothing."""


_COUNTS = {
    "sources": "sources",
    "languages": "languages",
    "licences": "licences",
    "categories": "categories",
    "source_files": "raw files, by the first 12 digits of their SHA-256",
}


def model_card(
    metrics: pd.DataFrame,
    comparisons: pd.DataFrame,
    verdict: Mapping[str, Any],
    *,
    trained_on: Mapping[str, Any],
    folder: str,
) -> str:
    """A card of some 50 lines: verdict with reasons, training data, one table a form, limits, the command.

    `trained_on` is what the model's folder says (see mixture.training_data), or empty; `folder` is that
    folder as a command in the project names it.
    """
    roles = [role for role in ROLES if (metrics["model_role"] == role).any()]
    macro_items = int(metrics[metrics["ability"] == MACRO]["items"].max())
    lines = [
        "# Supervised fine-tuned model",
        "",
        f"Weights and tokenizer: digest `{verdict['candidate_digest']}`.",
        "",
        f"## Verdict: {verdict['verdict']}",
        "",
        f"Incumbent: {incumbent_words(verdict)}; tolerated loss {verdict['delta'] * 100:g} points, "
        f"level {verdict['alpha']:g}, one-sided.",
        "",
        *(f"- **{check['outcome']}** {check['name']}: {check['detail']}" for check in verdict["checks"]),
        "",
        "## Training data",
        "",
        *_training_data(trained_on),
        "",
        "## Scores",
        "",
        f"{macro_items} unseen items in every form, mean scores in percent with intervals. The last columns "
        "are the paired differences in points."
        + (f" {told}" if (told := in_distribution_sentence(trained_on.get("in_distribution"))) else ""),
    ]
    for form, name in FORM_NAMES.items():
        lines += ["", f"### {name.capitalize()}", "", *_table(form, roles, metrics, comparisons)]
    lines += ["", "## Limits", "", _LIMITS, "", "## Measure it again", "", "In the project that made it:", ""]
    lines += ["```bash", f"kedro run --pipeline=evaluation --params=candidate={folder}", "```"]
    return "\n".join(lines) + "\n"


def _training_data(facts: Mapping[str, Any]) -> list[str]:
    if not facts:
        return ["Unknown: the model's folder has no `training_data.json`."]
    return [
        f"- {counted(facts['examples'], 'example')} and "
        f"{counted(facts['documents'], 'pre-training document')}{_shortened(facts)}; "
        f"digest of the mixture `{facts['digest']}`",
        f"- {facts['selected_queries']:,} queries were selected from a pool of "
        f"{facts['pool_records']:,} records ({facts['sampler']})"
        + (f"; digest of the pool's record ids `{facts['pool_digest']}`" if "pool_digest" in facts else ""),
        *(f"- {name}: {_counts(kind, facts[kind])}" for kind, name in _COUNTS.items() if kind in facts),
        *([f"- {told}"] if (told := in_distribution_sentence(facts.get("in_distribution"))) else []),
    ]


def _shortened(facts: Mapping[str, Any]) -> str:
    """What `sft.max_length` cost; cards of models from before that was stored do not know it."""
    if not facts.get("cut_examples") and not facts.get("dropped_examples"):
        return ""
    return (
        f" ({facts['cut_examples']:,} examples cut at sft.max_length, {facts['dropped_examples']:,} more "
        "dropped: their answers begin after it)"
    )


def _counts(kind: str, counts: Mapping[str, int]) -> str:
    """A licence is unknown where neither the record nor its source (`ingestion.licences`) names one."""
    missing = "not stated"
    is_licence = kind == "licences"
    return count_list(
        {missing if is_licence and name == "unknown" else name: n for name, n in counts.items()}
    )


def _table(form: str, roles: Sequence[str], metrics: pd.DataFrame, comparisons: pd.DataFrame) -> list[str]:
    of_form = metrics[metrics["form"] == form].set_index(["model_role", "ability"])
    gains = comparisons[comparisons["form"] == form].set_index(["reference_role", "ability"])
    references = [role for role in roles if role in gains.index.get_level_values("reference_role")]
    counts_by_ability = zip(of_form.index.get_level_values("ability"), of_form["counted"], strict=True)
    abilities: list[Any] = in_order({str(ability): bool(counts) for ability, counts in counts_by_ability})
    header = [*roles, *(f"against {role}" for role in references)]
    lines = [f"| ability | {' | '.join(header)} |", f"|---|{'---:|' * len(header)}"]
    for ability in abilities:
        cells = [
            f"{percent(row['accuracy'])} [{percent(row['ci_low'])}, {percent(row['ci_high'])}]"
            for row in (of_form.loc[(role, ability)] for role in roles)
        ]
        cells += [points_with_interval(gains.loc[(role, ability)]) for role in references]
        lines.append(f"| {ability_name(ability)} | {' | '.join(cells)} |")
    return lines
