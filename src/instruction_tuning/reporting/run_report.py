"""The report at the end of a run: plain text, at most 100 columns and some 70 lines."""

import textwrap
from collections.abc import Mapping

from instruction_tuning.reporting.run_summary import RunSummary
from instruction_tuning.reporting.scores_table import ability_rows
from instruction_tuning.reporting.wording import count_list, one_line, text_table

WIDTH = 100
_MARKS = {"passed": "+", "failed": "-", "not shown": "?"}
MAX_DROPPED_LINES = 10


def run_report(summary: RunSummary, *, page: str) -> str:
    """What came in, was dropped, selected, paid, learned and decided, ten records; `page` shows more."""
    sections = {
        "Records": _records(summary),
        "Selection": _selection(summary),
        "Teacher": _teacher(summary),
        "Training": _training(summary),
        "Model against its base": _scores(summary),
        f"Verdict: {str(summary.verdict['verdict']).upper()}": _verdict(summary),
        "Ten records to read": _samples(summary),
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
    read, kept = sum(summary.rows_by_source.values()), sum(summary.kept_by_source.values())
    dropped = list(summary.dropped)
    rows = [(f"{drop.stage}: {drop.reason}", f"{drop.rows:,}", f"{drop.rows / read:.1%}") for drop in dropped]
    shown, rest = rows[:MAX_DROPPED_LINES], dropped[MAX_DROPPED_LINES:]
    if rest:
        number = sum(drop.rows for drop in rest)
        shown.append((f"{len(rest)} more reasons", f"{number:,}", f"{number / read:.1%}"))
    return [
        *_wrapped(f"{read:,} rows came in ({count_list(summary.rows_by_source)})."),
        f"  {kept:,} are in the pool; {read - kept:,} were dropped:",
        *text_table(("stage: reason", "rows", "share"), shown, indent=4),
    ]


def _selection(summary: RunSummary) -> list[str]:
    number = sum(summary.selected_by_source.values())
    return [
        *_wrapped(
            f"{number:,} queries were selected ({count_list(summary.selected_by_source)}; "
            f"{count_list(summary.selected_by_language)})."
        ),
        *(f"    {one_line(reason, WIDTH - 4)}" for reason in summary.first_reasons),
    ]


def _teacher(summary: RunSummary) -> list[str]:
    use = summary.teacher
    price = "price unknown (no token counts)" if use.price_usd is None else f"${use.price_usd:,.4f}"
    calls = (
        f"{use.requests:,} requests to {', '.join(use.models) or 'the teacher'}: {use.answers:,} answers, "
        f"{use.ratings:,} ratings, {use.failed:,} failed; {use.prompt_tokens:,} tokens in, "
        f"{use.completion_tokens:,} out; {price}, whichever run paid it: a stored answer is not paid again."
        if use.requests
        else "No teacher was called."
    )
    checked = (
        f"{summary.sums_wrong:,} of {summary.sums_checked:,} checked sums were wrong. "
        if summary.sums_checked
        else ""
    )
    malformed = (
        f"{summary.malformed:,} answers were malformed (empty, refusing, wrong language). "
        if summary.malformed
        else ""
    )
    rating = "" if summary.mean_rating is None else f"Mean rating {summary.mean_rating:.1f} of 10. "
    unanswered = sum(summary.rejected_answers.values())
    reasons = f" ({count_list(summary.rejected_answers)})" if unanswered else ""
    outcome = (
        f"{checked}{malformed}{rating}{summary.examples:,} examples to train on, {unanswered:,} queries "
        f"without{reasons}."
    )
    return [*_wrapped(calls), *_wrapped(outcome)]


def _training(summary: RunSummary) -> list[str]:
    sft, reward = summary.sft_metrics, summary.reward_metrics
    lines = _wrapped(
        f"SFT: {_number(sft, 'steps')} steps, {_number(sft, 'train_tokens')} tokens; held-out answers "
        f"{_loss(sft, 'heldout_loss_before')} → {_loss(sft, 'heldout_loss_after')} nats a token, documents "
        f"{_loss(sft, 'heldout_document_loss_before')} → {_loss(sft, 'heldout_document_loss_after')}."
    )
    if not reward:
        return [*lines, "  Reward model: none was trained."]
    accuracy = "no held-out pairs"
    if "heldout_accuracy" in reward:
        accuracy = f"{_accuracy(reward, 'heldout')} pairs held out from SFT too" + (
            f"; {_accuracy(reward, 'clear_heldout')} with clear ratings"
            if "clear_heldout_accuracy" in reward
            else ""
        )
    return [*lines, *_wrapped(f"Reward model: {accuracy}{_best_of_n(reward)}.")]


def _accuracy(reward: Mapping[str, float], which: str) -> str:
    value, low, high, pairs = (reward[f"{which}_{key}"] for key in ("accuracy", "ci_low", "ci_high", "pairs"))
    return f"{value:.1%} [{low:.1%}, {high:.1%}] right on {pairs:,.0f}"


def _best_of_n(reward: Mapping[str, float]) -> str:
    for figure, shown in (("pass_rate", "sums right"), ("reward", "reward")):
        prefix = f"best_of_n/{figure}_at_"
        values = {int(key.removeprefix(prefix)): v for key, v in reward.items() if key.startswith(prefix)}
        if values:
            form = "{:.1%}" if figure == "pass_rate" else "{:+.2f}"
            steps = ", ".join(f"n={n} {form.format(value)}" for n, value in sorted(values.items()))
            return f"; best of n, {shown}: {steps}"
    return ""


def _scores(summary: RunSummary) -> list[str]:
    header, rows = ability_rows(summary.verdict["evidence"])
    return [
        "  percent right, base→SFT, gain in points [95% interval of the paired difference]",
        *text_table(header, rows, indent=2),
    ]


def _verdict(summary: RunSummary) -> list[str]:
    verdict = summary.verdict
    lines = [
        f"  incumbent {verdict['incumbent']}, tolerated loss {verdict['delta'] * 100:g} points, "
        f"level {verdict['alpha']:g}"
    ]
    for check in verdict["checks"]:
        text = f"{_MARKS[check['outcome']]} {check['name']}: {check['outcome']}; {check['detail']}"
        lines += textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _samples(summary: RunSummary) -> list[str]:
    lines = []
    for number, sample in enumerate(summary.samples, start=1):
        answer = f" ⇒ {sample.answer}" if sample.answer else ""
        prompt = one_line(sample.prompt, 2 * WIDTH // 3) if answer else sample.prompt
        lines += [f"  {number:>2}. {sample.fate}", f"      {one_line(prompt + answer, WIDTH - 6)}"]
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _loss(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.3f}" if name in metrics else "not measured"


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:,.0f}" if name in metrics else "an unknown number of"
