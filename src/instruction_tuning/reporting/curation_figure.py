"""What each round of self-curation gave: scores, levels in the text, how many were kept and could be read."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, styled

_LEVELS = (1, 2, 3, 4, 5)
_TENTHS = np.arange(10, 52) / 10  # of a level, and one behind the last
_TITLES = (
    "Expected level: candidates at each tenth, cut at the dashed line",
    "Level in the reply: candidates",
    "Kept, of the candidates",
    "Replies with a level",
)


def curation_figure(curated: pd.DataFrame, *, least_score: float) -> go.Figure:
    """From the frames of all rounds (schemas.backtranslation.CuratedCandidates) below each other.

    `least_score` is where the candidates are cut, where the expected level decides.
    """
    rounds = sorted(set(curated["round"].tolist()))
    shares = 40 + 30 * len(rounds)
    heights = [240, 200, shares, shares]
    figure = make_subplots(
        rows=4,
        cols=1,
        row_heights=heights,
        vertical_spacing=65 / (sum(heights) + 240),
        subplot_titles=_TITLES,
    )
    for number in rounds:
        frame = curated[curated["round"] == number]
        for row, trace in enumerate(_traces(frame, f"round {number}", COLOURS[number % len(COLOURS)]), 1):
            figure.add_trace(trace, row=row, col=1)
    figure.add_vline(x=least_score, line_dash="dash", line_color=COLOURS[4], row=1, col=1)
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(range=[0.95, 5.05], row=1, col=1)
    figure.update_yaxes(rangemode="tozero", tickformat=",")
    for row in (3, 4):
        figure.update_xaxes(tickformat=".0%", range=[0, 1], row=row, col=1)
        figure.update_yaxes(autorange="reversed", row=row, col=1)
    return styled(figure, "Curation, round by round", height=sum(heights) + 240)


def _traces(frame: pd.DataFrame, name: str, colour: str) -> tuple[Any, ...]:
    """One a panel; the legend has the first for all of them."""
    counts, _ = np.histogram(frame["expected_score"].dropna().to_numpy(), bins=_TENTHS)
    levels = frame["text_score"].value_counts().reindex(_LEVELS, fill_value=0)
    parsed = frame["parse_ok"].dropna().astype(bool)
    group = {"name": name, "legendgroup": name, "offsetgroup": name}
    return (
        go.Scatter(
            x=_TENTHS[:-1],
            y=counts,
            name=name,
            legendgroup=name,
            mode="lines",
            line={"shape": "hv", "color": colour, "width": 2},
            hovertemplate=f"{name}: %{{y:,}} from %{{x:.1f}} on<extra></extra>",
        ),
        go.Bar(
            x=[str(level) for level in _LEVELS],
            y=levels.tolist(),
            marker_color=colour,
            showlegend=False,
            hovertemplate=f"{name}: %{{y:,}}<extra></extra>",
            **group,
        ),
        *(_share(share, name, colour) for share in (frame["kept"].astype(bool), parsed)),
    )


def _share(found: "pd.Series[bool]", name: str, colour: str) -> go.Bar:
    """The part of `found` that is true, with its numbers; nothing of nothing."""
    text = f"{int(found.sum()):,} of {len(found):,}"
    return go.Bar(
        x=[float(found.mean()) if len(found) else None],
        y=[name],
        orientation="h",
        marker_color=colour,
        name=name,
        legendgroup=name,
        showlegend=False,
        text=[text],
        textposition="inside",
        insidetextanchor="start",
        hovertemplate=f"{name}: %{{x:.1%}} of {len(found):,}<extra></extra>",
    )
