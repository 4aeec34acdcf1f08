"""One HTML page on a pool: its numbers, its figures, and rows to read; everything inline and escaped.

Texts are data of strangers: nothing of them is markup, and characters that one cannot see are written out.
"""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from instruction_tuning.pool_statistics.composition import licences_by_language
from instruction_tuning.pool_statistics.reading_sample import FLAGGED, KEPT, REJECTED, RowToRead
from instruction_tuning.reporting.cluster_html import largest_clusters
from instruction_tuning.reporting.contamination_section import contamination_section
from instruction_tuning.reporting.figure_html import figure_section
from instruction_tuning.reporting.html_table import table
from instruction_tuning.reporting.pool_figures import LANGUAGE_NAMES
from instruction_tuning.reporting.text_html import text_as_html

_PAGE = Path(__file__).with_name("pool_page.html")
_MAX_DETAIL = 400


def pool_page(
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    rows: Sequence[RowToRead],
    metrics: Mapping[str, float],
    topics: pd.DataFrame,
    clusters: pd.DataFrame,
    contamination: tuple[pd.DataFrame, pd.DataFrame],
    figures: Sequence[go.Figure],
    *,
    seed: int,
    matches: int,
) -> str:
    """The page; some 5 MB, most of it Plotly. `contamination` is the report and the matches, of which so many
    are shown for each split of a benchmark."""
    shown = {fate: [row for row in rows if row.fate == fate] for fate in (KEPT, FLAGGED, REJECTED)}
    flagged = int(metrics["rows/flagged"])
    totals = {KEPT: len(instruction_pool) - flagged, FLAGGED: flagged, REJECTED: len(rejected_records)}
    fields = {
        "seed": str(seed),
        "cards": "".join(_card(number, words) for number, words in _key_numbers(metrics, totals)),
        "figures": "".join(figure_section(figure) for figure in figures),
        "topics": _topics(topics, instruction_pool),
        "licences": _licences(instruction_pool),
        "duplicates": largest_clusters(clusters),
        "clusters": f"{clusters['cluster_id'].nunique():,}",
        "benchmarks": contamination_section(*contamination, seed=seed, most=matches),
        "rejected_reasons": _reasons(rejected_records),
        "plotly": get_plotlyjs(),
    }
    for fate, of_fate in shown.items():
        fields[fate] = "".join(_row(row) for row in of_fate) or "<p class='soft'>none</p>"
        fields[f"{fate}_count"] = f"{len(of_fate):,}"
        fields[f"{fate}_total"] = f"{totals[fate]:,}"
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(fields)


def _key_numbers(metrics: Mapping[str, float], totals: Mapping[str, int]) -> list[tuple[str, str]]:
    numbers = [
        (f"{totals[KEPT] + totals[FLAGGED]:,}", "rows in the pool"),
        (f"{totals[FLAGGED]:,}", "of them flagged"),
        (f"{totals[REJECTED]:,}", "rejected"),
    ]
    if metrics.get("rows_measured", metrics["rows"]) < metrics["rows"]:
        numbers.append(
            (f"{metrics['rows_measured']:,.0f}", "rows measured for the numbers behind, by chance")
        )
    for part in ("instruction", "answer"):
        if f"{part}/tokens/p50" in metrics:
            median, most = metrics[f"{part}/tokens/p50"], metrics[f"{part}/tokens/p95"]
            numbers.append((f"{median:,.0f}", f"tokens in the median {part}; 95% have at most {most:,.0f}"))
        if f"{part}/vocabulary/types" in metrics:
            kinds, words = metrics[f"{part}/vocabulary/types"], metrics[f"{part}/vocabulary/words"]
            numbers.append((f"{kinds:,.0f}", f"different words among {words:,.0f} of the {part}s"))
        if f"{part}/vocabulary/type_token_ratio_per_100" in metrics:
            ratio = metrics[f"{part}/vocabulary/type_token_ratio_per_100"]
            numbers.append((f"{100 * ratio:.0f}", f"different words in 100 of the {part}s, mean"))
    return numbers


def _card(number: str, words: str) -> str:
    return f"<div class='card'><b>{escape(number)}</b><span>{escape(words)}</span></div>"


def _topics(topics: pd.DataFrame, pool: pd.DataFrame) -> str:
    wanted = {example for examples in topics["examples"] for example in examples}
    is_wanted = pool["record_id"].isin(wanted)
    prompts = dict(zip(pool.loc[is_wanted, "record_id"], pool.loc[is_wanted, "prompt"], strict=True))
    rows = [
        (
            text_as_html(row["words"])
            + f"<div class='detail'>{text_as_html(prompts[row['examples'][0]], most=110)}</div>",
            f"{row['rows']:,}",
            f"{row['share']:.1%}",
        )
        for row in topics.to_dict("records")
    ]
    return table(("topic, and one of its instructions", "rows", "share"), rows)


def _licences(pool: pd.DataFrame) -> str:
    counted = licences_by_language(pool)
    header = ("licence", *(LANGUAGE_NAMES.get(str(name), str(name)) for name in counted.columns), "all")
    rows = [
        (
            text_as_html(str(name), most=80),
            *(f"{int(count):,}" for count in counts),
            f"{int(counts.sum()):,}",
        )
        for name, counts in zip(counted.index, counted.to_numpy(), strict=True)
    ]
    return table(header, rows)


def _reasons(rejected: pd.DataFrame) -> str:
    counts = rejected.groupby(["stage", "reason"]).size().reset_index(name="rows")
    counts = counts.sort_values(["rows", "stage", "reason"], ascending=[False, True, True])
    rows = [(escape(f"{row.stage} / {row.reason}"), f"{row.rows:,}") for row in counts.itertuples()]
    return table(("stage / reason", "rows"), rows)


def _row(row: RowToRead) -> str:
    cause = f"{row.stage} / {row.reason}" if row.fate == REJECTED else row.reason
    language = f", {escape(row.language)}" if row.language else ""
    facts = [
        f"<b>{escape(row.fate)}</b>",
        *([f"<span>{text_as_html(cause, most=120)}</span>"] if cause else []),
        f"<span>{text_as_html(row.source, most=80)}{language}</span>",
        f"<code>{text_as_html(row.source_row_id)}</code>",
    ]
    detail = f"<p class='detail'>{text_as_html(row.detail, most=_MAX_DETAIL)}</p>" if row.detail else ""
    turns = "".join(_turn(role, text) for role, text in (*row.turns, *row.notes))
    return f"<article class='{escape(row.fate)}'><header>{''.join(facts)}</header>{detail}{turns}</article>"


def _turn(role: str, text: str) -> str:
    return f"<div class='turn'><span>{text_as_html(role, most=40)}</span><p>{text_as_html(text)}</p></div>"
