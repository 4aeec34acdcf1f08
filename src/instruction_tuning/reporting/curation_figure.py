"""What each round of self-curation gave: scores, levels in the text, how many were kept and could be read."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, styled

_LEVELS = (1, 2, 3, 4, 5)
_BIN = 0.1
_TITLES = (
    "Expected level, candidates",
    "Level in the reply, candidates",
    "Kept, candidates",
    "Replies with a level",
)


def curation_figure(curated: pd.DataFrame, *, least_score: float) -> go.Figure:
    """From the frames of all rounds (schemas.backtranslation.CuratedCandidates) below each other.

    `least_score` is where the candidates are cut, where the expected level decides.
    """
    figure = make_subplots(rows=4, cols=1, vertical_spacing=0.1, subplot_titles=_TITLES)
    for number in sorted(set(curated["round"].tolist())):
        frame = curated[curated["round"] == number]
        colour = COLOURS[number % len(COLOURS)]
        name, group = f"round {number}", {"legendgroup": str(number), "marker_color": colour}
        figure.add_trace(
            go.Histogram(
                x=frame["expected_score"].dropna().to_numpy(),
                xbins={"start": 1, "end": 5 + _BIN, "size": _BIN},
                name=name,
                opacity=0.6,
                hovertemplate=f"{name}: %{{y:,}} at %{{x}}<extra></extra>",
                **group,
            ),
            row=1,
            col=1,
        )
        levels = frame["text_score"].value_counts().reindex(_LEVELS, fill_value=0)
        parsed = frame["parse_ok"].dropna().astype(bool)
        bars = (
            ([str(level) for level in _LEVELS], levels.tolist(), "%{y:,}"),
            ([name], [int(frame["kept"].sum())], "%{y:,} of " + f"{len(frame):,}"),
            ([name], [float(parsed.mean()) if len(parsed) else None], "%{y:.1%} of " + f"{len(parsed):,}"),
        )
        for row, (x, y, told) in enumerate(bars, start=2):
            figure.add_trace(
                go.Bar(
                    x=x,
                    y=y,
                    name=name,
                    showlegend=False,
                    hovertemplate=f"{name}: {told}<extra></extra>",
                    **group,
                ),
                row=row,
                col=1,
            )
    figure.add_vline(x=least_score, line_dash="dash", line_color=COLOURS[4], row=1, col=1)
    figure.update_layout(barmode="overlay")
    # Bars of the rounds side by side, where the histograms lie over each other.
    for number, trace in enumerate(figure.select_traces(selector={"type": "bar"})):
        trace.update(offsetgroup=str(number // 3))
    figure.update_xaxes(range=[0.95, 5.05], row=1, col=1)
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(tickformat=".0%", range=[0, 1], row=4, col=1)
    return styled(figure, "Curation, round by round", height=900)
