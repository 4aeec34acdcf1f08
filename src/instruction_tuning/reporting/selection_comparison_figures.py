"""Figures of several selections from one pool: overlap, lengths, composition, costs."""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.pool_statistics.composition import UNKNOWN
from instruction_tuning.reporting.figure_style import COLOURS, POOL_COLOUR, styled
from instruction_tuning.reporting.pool_figures import LANGUAGE_NAMES, LENGTH_TICKS
from instruction_tuning.reporting.selection_comparison import OTHER, POOL, SHARED_PARTS, TEXT_PARTS
from instruction_tuning.reporting.wording import one_line

_BAR_PIXELS = 22
_PANEL_PIXELS = 90
_MOST_CELL_TEXTS = 400
_PART_COLOURS = {"prompt": COLOURS[0], "answer": COLOURS[1]}
_COST_TITLES = {
    "model_calls": "Model calls",
    "tokens": "Tokens",
    "usd": "US dollars",
    "seconds": "Seconds",
}
# Eight colours are not enough for the values of a part: after these, lighter ones.
_VALUE_COLOURS = (*COLOURS, "#9db7da", "#efc496", "#a7ceb4", "#d3aacd", "#b5b5b5")


def selection_overlap_figure(overlap: pd.DataFrame) -> go.Figure:
    """A heat map of the overlaps (methods, methods), in [0, 1], as `measures.overlap` gives them."""
    names = [escape(name, quote=False) for name in overlap.index]
    values = overlap.to_numpy(dtype=np.float64)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=names,
            y=names,
            zmin=0.0,
            zmax=1.0,
            colorscale=[[0.0, "#f7f7f7"], [1.0, COLOURS[0]]],
            texttemplate="%{z:.0%}" if values.size <= _MOST_CELL_TEXTS else None,
            colorbar={"tickformat": ".0%", "thickness": 12},
            xgap=1,
            ygap=1,
            hovertemplate="%{y} and %{x}: %{z:.1%}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", dtick=1)
    figure.update_xaxes(dtick=1)
    return styled(figure, "What the selections have in common", height=230 + 34 * len(names))


def selection_length_figure(lengths: pd.DataFrame) -> go.Figure:
    """From `length_quantiles`: a box a method from 25% to 75% with the median, whiskers from 5% to 95%."""
    methods = list(dict.fromkeys(lengths["method"]))
    figure = _panels([f"{part.capitalize()}s, tokens" for part in TEXT_PARTS], [len(methods)] * 2)
    for row, part in enumerate(TEXT_PARTS, start=1):
        known = lengths[(lengths["part"] == part) & (lengths["texts"] > 0)]
        figure.add_trace(
            go.Box(
                y=[escape(name, quote=False) for name in known["method"]],
                lowerfence=known["p5"],
                q1=known["p25"],
                median=known["p50"],
                q3=known["p75"],
                upperfence=known["p95"],
                orientation="h",
                marker_color=_PART_COLOURS[part],
                showlegend=False,
            ),
            row=row,
            col=1,
        )
    # A logarithmic axis has no place for 0 tokens, and Plotly's own ticks leave out the zeros.
    figure.update_xaxes(type="log", tickvals=LENGTH_TICKS, tickformat=",")
    return styled(figure, "Lengths of what is selected", height=_height([len(methods)] * 2))


def selection_composition_figure(shares: pd.DataFrame) -> go.Figure:
    """From `composition_shares`: a stacked bar a method, a panel each for language, category and licence.

    The values stand in the hover, and in the legend by panel; a part that no record tells has none.
    """
    methods = list(dict.fromkeys(shares["method"]))
    told = shares[shares["value"] != UNKNOWN]
    parts = [part for part in SHARED_PARTS if (told["part"] == part).any()]
    figure = _panels([f"By {part}" for part in parts], [len(methods)] * len(parts))
    for row, part in enumerate(parts, start=1):
        own = shares[shares["part"] == part]
        for number, value in enumerate(dict.fromkeys(own["value"])):
            rows = own[own["value"] == value].set_index("method").loc[methods]
            colour = POOL_COLOUR if value == OTHER else _VALUE_COLOURS[number % len(_VALUE_COLOURS)]
            name = escape(LANGUAGE_NAMES.get(value, one_line(value, 40)), quote=False)
            figure.add_trace(
                go.Bar(
                    y=[escape(method, quote=False) for method in methods],
                    x=rows["share"].to_numpy(),
                    name=name,
                    orientation="h",
                    marker_color=colour,
                    legendgroup=part,
                    legendgrouptitle_text=part,
                    hovertemplate="%{y}: %{x:.1%} " + name + "<extra></extra>",
                ),
                row=row,
                col=1,
            )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    drawn = styled(figure, "What the selections are made of", height=_height([len(methods)] * len(parts)))
    # Beside the bars, as there are more values than a line below them holds.
    return drawn.update_layout(
        legend={
            "orientation": "v",
            "x": 1.02,
            "xref": "paper",
            "y": 1,
            "yref": "paper",
            "yanchor": "top",
            "traceorder": "grouped",  # without it the groups' titles are left out
            "groupclick": "toggleitem",
        }
    )


def selection_cost_figure(table: pd.DataFrame) -> go.Figure:
    """From the comparison's `cost/…` columns: a panel for each that is known, per thousand records."""
    costs = table[table["method"] != POOL]
    known = [name for name in _COST_TITLES if f"cost/{name}" in costs and costs[f"cost/{name}"].notna().any()]
    figure = _panels(
        [f"{_COST_TITLES[name]} per thousand records" for name in known], [len(costs)] * len(known)
    )
    for row, name in enumerate(known, start=1):
        figure.add_trace(
            go.Bar(
                y=[escape(method, quote=False) for method in costs["method"]],
                x=costs[f"cost/{name}"],
                orientation="h",
                marker_color=COLOURS[0],
                texttemplate="%{x:,.3~r}",
                textposition="outside",
                cliponaxis=False,
                showlegend=False,
                hovertemplate="%{y}: %{x:,.4~g}<extra></extra>",
            ),
            row=row,
            col=1,
        )
    figure.update_xaxes(rangemode="tozero", nticks=6)
    return styled(figure, "What the selections cost", height=_height([len(costs)] * len(known)))


def _panels(titles: Sequence[str], bars: Sequence[int]) -> go.Figure:
    """Panels below each other, as high as their bars need; the first bar above."""
    if not titles:
        return go.Figure().add_annotation(text="nothing to show", showarrow=False)
    figure = make_subplots(
        rows=len(titles),
        cols=1,
        row_heights=[count * _BAR_PIXELS + 10 for count in bars],
        vertical_spacing=min(_PANEL_PIXELS / _height(bars), 0.9 / max(len(titles) - 1, 1)),
        subplot_titles=titles,
    )
    figure.update_yaxes(autorange="reversed", dtick=1)
    return figure


def _height(bars: Sequence[int]) -> int:
    return 130 + sum(count * _BAR_PIXELS + 10 for count in bars) + _PANEL_PIXELS * max(len(bars) - 1, 0)
