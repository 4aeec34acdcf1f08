"""GPT-4-LLM's figures for two answer sets of the same prompts (arXiv 2304.03277, fig. 1 and 2)."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.pool_statistics.answer_sets import AnswerSets
from instruction_tuning.reporting.figure_style import COLOURS, styled
from instruction_tuning.reporting.pool_figures import LENGTH_TICKS

_COLOURS = {"left": COLOURS[0], "right": COLOURS[1]}
_MOST_PAIRS = 25
_MOST_WORDS = 12


def answer_set_figure(sets: AnswerSets) -> go.Figure:
    """Lengths, the 25 most frequent pairs, pair frequencies against each other, word ranks, typical words."""
    left, right = (_escaped(name) for name in sets.names)
    pairs = sets.pairs[(sets.pairs["verb"] != "") & (sets.pairs["noun"] != "")]
    figure = make_subplots(
        rows=5,
        cols=1,
        row_heights=[260, 25 * 26, 360, 300, 24 * 19],
        vertical_spacing=0.03,
        subplot_titles=(
            f"Lengths of {int(sets.summary['prompts']):,} answers each, tokens",
            "Verb-noun pairs, the 25 most frequent of both together",
            f"How often the same pair occurs: {left} across, {right} up",
            "Words: rank and frequency",
            f"Words typical of {left} (right) and of {right} (left), z",
        ),
    )
    for side, name in zip(("left", "right"), (left, right), strict=True):
        style = {"name": name, "legendgroup": side}
        figure.add_trace(_lengths(sets.histogram, side, style), row=1, col=1)
        figure.add_trace(_pair_bars(pairs.head(_MOST_PAIRS), side, style), row=2, col=1)
        figure.add_trace(_ranks(sets.frequencies, side, style), row=4, col=1)
    for trace in _pairs_against_each_other(pairs, left, right):
        figure.add_trace(trace, row=3, col=1)
    figure.add_trace(_typical(sets.words), row=5, col=1)
    figure.update_xaxes(type="log", tickvals=LENGTH_TICKS, tickformat=",", row=1, col=1)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(autorange="reversed", dtick=1, row=2, col=1)
    for row in (3, 4):
        figure.update_xaxes(type="log", dtick=1, row=row, col=1)
        figure.update_yaxes(type="log", dtick=1, row=row, col=1)
    figure.update_xaxes(title="rank", title_standoff=2, title_font_size=13, row=4, col=1)
    figure.update_yaxes(autorange="reversed", dtick=1, row=5, col=1)
    return styled(figure, "Two answer sets", height=2450)


def _lengths(histogram: pd.DataFrame, side: str, style: dict[str, str]) -> go.Scatter:
    share = histogram[side] / max(int(histogram[side].sum()), 1)
    return go.Scatter(
        x=[*histogram["from_tokens"].clip(lower=1), int(histogram["to_tokens"].iloc[-1])],
        y=[*share, 0],
        mode="lines",
        line={"color": _COLOURS[side], "shape": "hv"},
        fill="tozeroy",
        hovertemplate="from %{x} tokens: %{y:.1%}<extra>" + style["name"] + "</extra>",
        **style,
    )


def _pair_bars(pairs: pd.DataFrame, side: str, style: dict[str, str]) -> go.Bar:
    return go.Bar(
        y=[_escaped(label) for label in pairs["verb"] + " " + pairs["noun"]],
        x=pairs[side],
        orientation="h",
        marker_color=_COLOURS[side],
        hovertemplate="%{y}: %{x:,}<extra>" + style["name"] + "</extra>",
        showlegend=False,
        **style,
    )


def _pairs_against_each_other(pairs: pd.DataFrame, left: str, right: str) -> list[go.Scatter]:
    """One point a pair that both sets have (fig. 1 c of the paper), and the line of equal frequency."""
    both = pairs[(pairs["left"] > 0) & (pairs["right"] > 0)]
    most = int(both[["left", "right"]].to_numpy().max()) if len(both) else 1
    return [
        go.Scatter(
            x=both["left"],
            y=both["right"],
            mode="markers",
            marker={"color": COLOURS[4], "size": 6, "opacity": 0.5},
            text=[_escaped(label) for label in both["verb"] + " " + both["noun"]],
            hovertemplate="%{text}: " + f"{left} %{{x:,}}, {right} %{{y:,}}<extra></extra>",
            showlegend=False,
        ),
        go.Scatter(
            x=[1, most],
            y=[1, most],
            mode="lines",
            line={"color": COLOURS[4], "dash": "dot", "width": 1},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]


def _ranks(frequencies: pd.DataFrame, side: str, style: dict[str, str]) -> go.Scatter:
    rows = frequencies[frequencies["side"] == side]
    return go.Scatter(
        x=rows["rank"],
        y=rows["count"],
        mode="lines",
        line={"color": _COLOURS[side]},
        hovertemplate="rank %{x:,}: %{y:,} times<extra>" + style["name"] + "</extra>",
        showlegend=False,
        **style,
    )


def _typical(words: pd.DataFrame) -> go.Bar:
    ends = words.head(_MOST_WORDS), words.iloc[max(len(words) - _MOST_WORDS, _MOST_WORDS) :]
    shown = pd.concat(ends)
    return go.Bar(
        y=[_escaped(word) for word in shown["word"]],
        x=shown["z"],
        orientation="h",
        marker_color=np.where(shown["z"] > 0, _COLOURS["left"], _COLOURS["right"]),
        customdata=shown[["left", "right"]].to_numpy(),
        hovertemplate="%{y}: %{customdata[0]:,} and %{customdata[1]:,} times, z %{x:.1f}<extra></extra>",
        showlegend=False,
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
