"""One HTML page with the figures and tables of a run; everything inline, so that it opens anywhere."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from instruction_tuning.reporting.breakdown_table import breakdown_rows, fate_rows, invention_sentence
from instruction_tuning.reporting.figure_html import figure_section
from instruction_tuning.reporting.run_summary import RunSummary, Sample
from instruction_tuning.reporting.scores_table import ability_rows
from instruction_tuning.reporting.wording import in_distribution_sentence, incumbent_words
from instruction_tuning.schemas.benchmark_metrics import MACRO
from instruction_tuning.text.counting import counted

_PAGE = Path(__file__).with_name("dashboard.html")
_MARKS = {"passed": "✓", "failed": "✗", "not shown": "?"}


def dashboard(summary: RunSummary, figures: Sequence[go.Figure]) -> str:
    """The page: verdict, key numbers, figures, tables, records to read. Some 5 MB, most of it Plotly."""
    verdict = summary.verdict
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        verdict=escape(str(verdict["verdict"])),
        verdict_words=_verdict_words(verdict),
        incumbent=escape(incumbent_words(verdict)),
        delta=f"{verdict['delta'] * 100:g}",
        alpha=f"{verdict['alpha']:g}",
        digest=escape(str(verdict["candidate_digest"])),
        checks="".join(_check(check) for check in verdict["checks"]),
        cards="".join(_card(number, words) for number, words in _key_numbers(summary)),
        figures="".join(figure_section(figure) for figure in figures),
        scores=_table(*ability_rows(verdict["evidence"])),
        breakdown=_table(*breakdown_rows(verdict["evidence"])),
        fates=_table(*fate_rows(verdict["evidence"])),
        invention=escape(
            " ".join(
                (invention_sentence(verdict["evidence"]), in_distribution_sentence(summary.in_distribution))
            ).strip()
        ),
        dropped=_table(
            ("stage", "reason", "rows"),
            [(drop.stage, drop.reason, f"{drop.rows:,}") for drop in summary.rows.dropped],
        ),
        sft_metrics=_table(("SFT", "value"), _metric_rows(summary.sft_metrics)),
        reward_metrics=_table(("reward model", "value"), _metric_rows(summary.reward_metrics)),
        samples="".join(_sample(sample) for sample in summary.samples),
        plotly=get_plotlyjs(),
    )


def _verdict_words(verdict: Mapping[str, Any]) -> str:
    passed = verdict["verdict"] == "pass"
    if verdict.get("is_champion"):
        return "The champion has passed" if passed else "The champion has not passed"
    return "The candidate may become champion" if passed else "The candidate is not promoted"


def _key_numbers(summary: RunSummary) -> list[tuple[str, str]]:
    use = summary.teacher
    price = "unknown" if use.price_usd is None else f"${use.price_usd:,.2f}"
    numbers = [
        (f"{summary.rows.read:,}", "rows came in"),
        (f"{summary.rows.kept:,}", "in the pool"),
        (f"{sum(summary.selected_by_source.values()):,}", "selected"),
        (f"{summary.examples:,}", "answered and checked"),
        (
            price,
            f"for {counted(use.requests, 'teacher request')}, "
            f"{use.prompt_tokens + use.completion_tokens:,} tokens",
        ),
    ]
    chat = [
        row
        for row in summary.verdict["evidence"]["comparisons"]
        if (row["reference_role"], row["ability"], row["form"]) == ("base", MACRO, "chat_zero_shot")
    ]
    return numbers + [
        (f"{row['difference'] * 100:+.1f}", "points gained in chat, mean over abilities") for row in chat
    ]


def _card(number: str, words: str) -> str:
    return f"<div class='card'><b>{escape(number)}</b><span>{escape(words)}</span></div>"


def _check(check: Mapping[str, Any]) -> str:
    kind = str(check["outcome"]).replace(" ", "-")
    return (
        f"<li class='{kind}'><span class='mark'>{_MARKS[check['outcome']]}</span><div><b>"
        f"{escape(check['name'])}</b> <em>{escape(check['outcome'])}</em><br>{escape(check['detail'])}"
        "</div></li>"
    )


def _metric_rows(metrics: Mapping[str, float]) -> list[Sequence[str]]:
    return [(name, f"{value:,.4g}" if value % 1 else f"{value:,.0f}") for name, value in metrics.items()]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    if not rows:
        body = f"<tr><td colspan='{len(header)}'>none</td></tr>"
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _sample(sample: Sample) -> str:
    said = [
        *([sample.answer] if sample.answer else []),
        *(f"{title}: {text}" for title, text in sample.remarks),
    ]
    shown = "".join(f"<p class='answer'>{escape(text[:600])}</p>" for text in said)
    kind = escape(sample.fate.partition(",")[0].partition(" ")[0])
    return (
        f"<article class='{kind}'><h3>{escape(sample.fate)}</h3>"
        f"<p class='prompt'>{escape(sample.prompt[:600])}</p>{shown}</article>"
    )
