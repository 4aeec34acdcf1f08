"""The Plotly figures of a pool: verbs with their objects, lengths in tokens, origins, topics."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.pool_statistics.composition import UNKNOWN, composition
from instruction_tuning.pool_statistics.verb_noun import top_pairs
from instruction_tuning.reporting.figure_style import COLOURS, styled
from instruction_tuning.reporting.wording import one_line
from instruction_tuning.text.counting import counted

LANGUAGE_NAMES = {"en": "English", "zh": "Chinese"}
PART_NAMES = {"instruction": "instructions", "answer": "answers"}
_PART_COLOURS = {"instruction": COLOURS[0], "answer": COLOURS[1]}
# 1, 2, 5, 10, ...: on a logarithmic axis Plotly's own ticks leave out the zeros.
LENGTH_TICKS = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]
_BAR_PIXELS = 17
_PANEL_PIXELS = 70
_MOST_VALUES = 12


def verb_noun_figure(verb_noun_pairs: pd.DataFrame, *, most: int = 25) -> go.Figure:
    """The most frequent pairs, a panel each for the instructions and the answers of each language."""
    panels = []
    for language in LANGUAGE_NAMES:
        for part in PART_NAMES:
            counts = verb_noun_pairs[verb_noun_pairs["part"] == part]
            pairs = top_pairs(counts, language=language, most=most)
            if len(pairs):
                panels.append(
                    (language, part, pairs, int(counts[counts["language"] == language]["count"].sum()))
                )
    figure = _stacked_panels(
        [
            f"{LANGUAGE_NAMES[language]} {PART_NAMES[part]}, {counted(texts, 'text')}"
            for language, part, pairs, texts in panels
        ],
        [len(pairs) for _, _, pairs, _ in panels],
    )
    for row, (_, part, pairs, texts) in enumerate(panels, start=1):
        figure.add_trace(
            go.Bar(
                y=_distinct(list(pairs["verb"] + " " + pairs["noun"])),
                x=pairs["count"],
                orientation="h",
                marker_color=_PART_COLOURS[part],
                customdata=pairs["count"] / texts,
                hovertemplate="%{y}: %{x:,} (%{customdata:.2%})<extra></extra>",
                showlegend=False,
            ),
            row=row,
            col=1,
        )
    figure.update_xaxes(tickformat=",", nticks=6)
    return styled(figure, "Verbs with their objects", height=_height([len(pairs) for *_, pairs, _ in panels]))


def pool_length_figure(histograms: pd.DataFrame, quantiles: pd.DataFrame) -> go.Figure:
    """How long instructions and answers are, and how that differs between sources."""
    sources = sorted(set(quantiles["source"]))
    figure = make_subplots(
        rows=2,
        cols=1,
        row_heights=[300, max(150, 2 * _BAR_PIXELS * len(sources) + 60)],
        vertical_spacing=0.17,
        subplot_titles=("Share of texts by length", "By source: 5% to 95%, box from 25% to 75%, median"),
    )
    for part, colour in _PART_COLOURS.items():
        counts = histograms[histograms["part"] == part]
        figure.add_trace(
            _steps(counts["from_tokens"], counts["to_tokens"], counts["count"], PART_NAMES[part], colour),
            row=1,
            col=1,
        )
        known = quantiles[(quantiles["part"] == part) & (quantiles["texts"] > 0)]
        figure.add_trace(
            go.Box(
                y=known["source"],
                lowerfence=known["p5"],
                q1=known["p25"],
                median=known["p50"],
                q3=known["p75"],
                upperfence=known["p95"],
                orientation="h",
                name=PART_NAMES[part],
                legendgroup=PART_NAMES[part],
                showlegend=False,
                marker_color=colour,
            ),
            row=2,
            col=1,
        )
    figure.update_layout(boxmode="group")
    figure.update_xaxes(type="log", tickvals=LENGTH_TICKS, tickformat=",")
    figure.update_xaxes(title="tokens of the base model", title_standoff=4, title_font_size=13)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)
    return styled(figure, "Lengths in tokens", height=430 + max(150, 2 * _BAR_PIXELS * len(sources) + 60))


def pool_mix_figure(instruction_pool: pd.DataFrame) -> go.Figure:
    """Rows by language, licence and category, stacked by source."""
    parts = composition(instruction_pool)
    sources = sorted(instruction_pool["source"].unique())
    panels = []
    for part in ("language", "licence", "category"):
        rows = parts[parts["part"] == part]
        values = list(dict.fromkeys(rows["value"]))
        if values and (part != "category" or values != [UNKNOWN]):
            panels.append((part, rows, values))
    shown = [min(len(values), _MOST_VALUES) for _, _, values in panels]
    figure = _stacked_panels(
        [
            f"By {part}"
            + (f", the {_MOST_VALUES} largest of {len(values)}" if len(values) > _MOST_VALUES else "")
            for part, _, values in panels
        ],
        shown,
    )
    for row, (_, rows, values) in enumerate(panels, start=1):
        names = values[:_MOST_VALUES]
        for number, source in enumerate(sources):
            counts = rows[rows["source"] == source].set_index("value")["rows"].reindex(names, fill_value=0)
            figure.add_trace(
                go.Bar(
                    y=_distinct([LANGUAGE_NAMES.get(name, one_line(name, 40)) for name in names]),
                    x=counts,
                    name=source,
                    legendgroup=source,
                    showlegend=row == 1,
                    orientation="h",
                    marker_color=COLOURS[number % len(COLOURS)],
                    hovertemplate="%{y}: %{x:,} rows of " + source.replace("<", "&lt;") + "<extra></extra>",
                ),
                row=row,
                col=1,
            )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=",", nticks=6)
    return styled(figure, "What the pool is made of", height=_height(shown) + 40)


def topic_figure(topics: pd.DataFrame) -> go.Figure:
    """Topics by size, named by their heaviest words."""
    figure = go.Figure(
        go.Bar(
            y=_distinct([one_line(words, 46) for words in topics["words"]]),
            x=topics["rows"],
            orientation="h",
            marker_color=COLOURS[2],
            customdata=topics["share"],
            hovertemplate="%{y}: %{x:,} rows (%{customdata:.1%})<extra></extra>",
        )
    )
    figure.update_xaxes(title="rows", title_font_size=13, tickformat=",", nticks=6)
    figure.update_yaxes(autorange="reversed", dtick=1)
    return styled(figure, "Topics of the instructions", height=130 + (_BAR_PIXELS + 3) * max(len(topics), 5))


def _steps(starts: pd.Series, ends: pd.Series, counts: pd.Series, name: str, colour: str) -> go.Scatter:
    total = max(int(counts.sum()), 1)
    return go.Scatter(
        # A logarithmic axis has no place for 0 tokens; the last step is drawn to its end.
        x=[*starts.clip(lower=1), int(ends.iloc[-1])] if len(starts) else [],
        y=[*(counts / total), 0] if len(starts) else [],
        name=name,
        legendgroup=name,
        mode="lines",
        line={"color": colour, "shape": "hv"},
        fill="tozeroy",
        fillcolor=_see_through(colour),
        customdata=[*(f"{a:,} to {b - 1:,}" for a, b in zip(starts, ends, strict=True)), ""],
        hovertemplate="%{customdata} tokens: %{y:.1%} of the " + name + "<extra></extra>",
    )


def _see_through(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.2)"


def _stacked_panels(titles: Sequence[str], bars: Sequence[int]) -> go.Figure:
    """Panels below each other, as high as their bars need."""
    if not titles:
        return go.Figure().add_annotation(text="nothing to show", showarrow=False)
    height = _height(bars)
    figure = make_subplots(
        rows=len(titles),
        cols=1,
        row_heights=[count * _BAR_PIXELS + 10 for count in bars],
        vertical_spacing=min(_PANEL_PIXELS / height, 0.9 / max(len(titles) - 1, 1)),
        subplot_titles=[title.replace("<", "&lt;") for title in titles],
    )
    figure.update_yaxes(autorange="reversed", dtick=1)
    return figure


def _height(bars: Sequence[int]) -> int:
    return 115 + sum(count * _BAR_PIXELS + 10 for count in bars) + _PANEL_PIXELS * max(len(bars) - 1, 0)


def _distinct(labels: Sequence[str]) -> list[str]:
    """Labels of bars, without markup; bars of the same name would be drawn on top of each other."""
    seen: dict[str, int] = {}
    result = []
    for label in labels:
        text = label.replace("&", "&amp;").replace("<", "&lt;") or "(none)"
        seen[text] = seen.get(text, 0) + 1
        result.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return result
