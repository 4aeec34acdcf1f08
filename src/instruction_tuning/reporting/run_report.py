"""The report at the end of a run: plain text, at most 100 columns and some 70 lines."""

import textwrap
from collections.abc import Mapping

from instruction_tuning.reporting.best_of_n_words import best_of_n_sentence
from instruction_tuning.reporting.breakdown_table import invention_sentence
from instruction_tuning.reporting.run_summary import RunSummary, Sample
from instruction_tuning.reporting.scores_table import ability_rows
from instruction_tuning.reporting.wording import (
    WIDTH,
    answered_sentence,
    count_list,
    in_distribution_sentence,
    incumbent_words,
    one_line,
    text_table,
    wrapped,
)
from instruction_tuning.text.counting import counted

_MARKS = {"passed": "+", "failed": "-", "not shown": "?"}


def run_report(summary: RunSummary, *, page: str) -> str:
    """What came in, was dropped, selected, paid, learned and decided, ten samples; `page` shows more."""
    sections = {
        "Records": _records(summary),
        "Selection": _selection(summary),
        "Teacher": _teacher(summary),
        "Training": _training(summary),
        "Model against its base": _scores(summary),
        f"Verdict: {str(summary.verdict['verdict']).upper()}": _verdict(summary),
        "Records to read": _samples(summary),
        "Next": [
            "  The same with figures, for a browser:",
            f"    {page}",
            "  make ui      MLflow (runs, model versions) and kedro-viz (data flow, figures)",
            "  make chat    talk to the newest registered version, base and SFT side by side",
        ],
    }
    lines = []
    for title, body in sections.items():
        lines += [title, *body, ""]
    return "\n".join(lines)


def _records(summary: RunSummary) -> list[str]:
    flagged = summary.flagged
    return [
        *summary.rows.lines(),
        *(wrapped(f"Flagged, but in the pool: {count_list(flagged)}.") if flagged else []),
    ]


def _selection(summary: RunSummary) -> list[str]:
    number = sum(summary.selected_by_source.values())
    return [
        *wrapped(
            f"{counted(number, 'query was', 'queries were')} selected "
            f"({count_list(summary.selected_by_source)}; {count_list(summary.selected_by_language)})."
        ),
        *wrapped(summary.selection),
    ]


def _teacher(summary: RunSummary) -> list[str]:
    checked = (
        f"Of the {counted(summary.sums_checked, 'answer')} whose sum can be checked {summary.sums_wrong:,} "
        f"{'was' if summary.sums_wrong == 1 else 'were'} wrong. "
        if summary.sums_checked
        else ""
    )
    malformed = (
        f"{counted(summary.malformed, 'answer was', 'answers were')} malformed "
        "(empty, refusing, wrong language). "
        if summary.malformed
        else ""
    )
    rating = "" if summary.mean_rating is None else f"Mean rating {summary.mean_rating:.1f} of 10. "
    outcome = answered_sentence(summary.examples, summary.rejected_answers)
    each_usd = summary.teacher.price_of_each_usd(summary.examples)
    if each_usd is not None:
        outcome += f" Each of those that have one took ${each_usd:,.5f}."
    return [*wrapped(summary.teacher.sentences()), *wrapped(f"{checked}{malformed}{rating}{outcome}")]


def _training(summary: RunSummary) -> list[str]:
    sft, reward = summary.sft_metrics, summary.reward_metrics
    lines = wrapped(
        f"SFT: {_number(sft, 'steps')} steps, {_number(sft, 'train_tokens')} tokens; loss on held-out "
        f"answers {_loss(sft, 'heldout_loss_before')} → {_loss(sft, 'heldout_loss_after')} nats a token, on "
        f"held-out documents {_loss(sft, 'heldout_document_loss_before')} → "
        f"{_loss(sft, 'heldout_document_loss_after')}."
    )
    if not reward:
        return [*lines, "  Reward model: none was trained."]
    accuracy = "no pair was held out to measure it on"
    if "heldout_accuracy" in reward:
        accuracy = f"{_accuracy(reward, 'heldout')} pairs held out from SFT too" + (
            f"; {_accuracy(reward, 'clear_heldout')} with clear ratings"
            if "clear_heldout_accuracy" in reward
            else ""
        )
    return [*lines, *wrapped(f"Reward model: {accuracy}."), *wrapped(best_of_n_sentence(reward))]


def _accuracy(reward: Mapping[str, float], which: str) -> str:
    value, low, high, pairs = (reward[f"{which}_{key}"] for key in ("accuracy", "ci_low", "ci_high", "pairs"))
    return f"{value:.1%} [{low:.1%}, {high:.1%}] right on {pairs:,.0f}"


def _scores(summary: RunSummary) -> list[str]:
    header, rows = ability_rows(summary.verdict["evidence"])
    return [
        "  mean score in percent, base→SFT, gain in points [95% interval of the paired difference]",
        *text_table(header, rows, indent=2),
        *wrapped(invention_sentence(summary.verdict["evidence"])),
        *wrapped(in_distribution_sentence(summary.in_distribution)),
    ]


def _verdict(summary: RunSummary) -> list[str]:
    verdict = summary.verdict
    lines = [
        f"  incumbent {incumbent_words(verdict)}, tolerated loss {verdict['delta'] * 100:g} points, "
        f"level {verdict['alpha']:g}"
    ]
    for check in verdict["checks"]:
        text = f"{_MARKS[check['outcome']]} {check['name']}: {check['outcome']}; {check['detail']}"
        lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _samples(summary: RunSummary) -> list[str]:
    lines = []
    for number, sample in enumerate(summary.samples, start=1):
        lines += [f"  {number:>2}. {sample.fate}", *_said(sample)]
    return lines


def _said(sample: Sample) -> list[str]:
    """Question and answer on one line; each remark has a line of its own, where there is room."""
    prompt = sample.prompt
    if sample.answer:
        prompt = f"{one_line(prompt, 2 * WIDTH // 3)} ⇒ {sample.answer}"
    remarks = [f"{title}: {text}" for title, text in sample.remarks]
    return [f"      {one_line(text, WIDTH - 6)}" for text in (prompt, *remarks)]


def _loss(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.3f}" if name in metrics else "not measured"


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:,.0f}" if name in metrics else "an unknown number of"
