"""The Markdown card of a reward model: how often it is right, and the pairs that it was trained on."""

from collections.abc import Mapping
from typing import Any

from instruction_tuning.reporting.best_of_n_words import best_of_n_sentence
from instruction_tuning.reporting.wording import percent
from instruction_tuning.text.counting import counted

_LIMITS = """\
Right means: the answer with the higher rating got the higher reward. The ratings are the teacher's, so this
measures agreement with that rater, its errors included. Intervals (95%) cover the choice of records, not of
training seeds. No verdict is passed on reward models: nothing moves an alias but the next training."""

# Metric -> why pairs were left out.
_LEFT_OUT = {
    "ties_dropped": "of equal rating or text",
    "below_min_margin": "of which the ratings differ by less than {min_margin:g} points",
    "beyond_max_pairs": "beyond `max_pairs` ({max_pairs:,})",
    "overlength_pairs": "longer than {max_length} tokens",
}


def reward_model_card(
    metrics: Mapping[str, float],
    *,
    digest: str,
    sft_digest: str,
    trained_on: Mapping[str, Any],
    rules: Mapping[str, float],
) -> str:
    """A card of some 30 lines, from the metrics of the pipeline `reward_model`.

    `digest` is that of the reward model, `sft_digest` of the fine-tuned model that it starts from, and
    `trained_on` what the folder of the latter says (see mixture.training_data), or empty. `rules`:
    min_margin, max_pairs, max_length.
    """
    lines = [
        "# Reward model",
        "",
        f"Weights and tokenizer: digest `{digest}`. It starts from the fine-tuned model `{sft_digest}`"
        + (f", trained on the mixture `{trained_on['digest']}`." if "digest" in trained_on else "."),
        "",
        "## How often it is right",
        "",
        *_accuracy(metrics, rules),
    ]
    if best_of_n := best_of_n_sentence(metrics):
        lines += ["", best_of_n]
    lines += ["", "## Pairs", "", *_pairs(metrics, rules), "", "## Limits", "", _LIMITS]
    return "\n".join(lines) + "\n"


def _accuracy(metrics: Mapping[str, float], rules: Mapping[str, float]) -> list[str]:
    if "heldout_accuracy" not in metrics:
        return ["Unknown: no pair was held out to measure it on."]
    lines = ["| held-out pairs | right, % | pairs | records |", "|---|---:|---:|---:|"]
    clear = f"clear: {rules['min_margin']:g} points or more between the ratings"
    for prefix, name in (("heldout", "all"), ("clear_heldout", clear)):
        if f"{prefix}_accuracy" in metrics:
            right, low, high = (metrics[f"{prefix}_{key}"] for key in ("accuracy", "ci_low", "ci_high"))
            numbers = (f"{metrics[f'{prefix}_{key}']:,.0f}" for key in ("pairs", "records"))
            lines.append(
                f"| {name} | {percent(right)} [{percent(low)}, {percent(high)}] | {' | '.join(numbers)} |"
            )
    return [*lines, "", "Neither the reward model nor the fine-tuned one was trained on these records."]


def _pairs(metrics: Mapping[str, float], rules: Mapping[str, float]) -> list[str]:
    lines = []
    if "train_pairs" in metrics:
        lines.append(f"- trained on {counted(int(metrics['train_pairs']), 'pair')}")
    if "responses" in metrics:
        unrated = int(metrics.get("unrated", 0))
        lines.append(f"- made of {counted(int(metrics['responses']), 'answer')}, {unrated:,} of them unrated")
    lines += [
        f"- left out: {counted(int(metrics[name]), 'pair')} {why.format_map(rules)}"
        for name, why in _LEFT_OUT.items()
        if metrics.get(name)
    ]
    return lines or ["Unknown: the metrics count none."]
