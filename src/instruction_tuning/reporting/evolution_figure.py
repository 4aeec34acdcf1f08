"""The rounds of evolution: how many were kept by operation, and why the others were not."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, styled

_KEPT, _DROPPED, _FAILED, _STOPPED = COLOURS[2], COLOURS[1], COLOURS[5], COLOURS[4]
_FATES = {"kept": _KEPT, "dropped": _DROPPED, "failed": _FAILED, "stopped": _STOPPED}
# One hue, the later the darker: no fate has it.
_ROUNDS = ("#a9c4e6", "#7ba3d6", "#3b6fb6", "#274b7d", "#162b48")
_ROW_PIXELS = 24


def evolution_figure(evolved: pd.DataFrame) -> go.Figure:
    """From `evolved_instructions`: fates by round; kept shares by operation and round; reasons by round."""
    rows = evolved[evolved["round"] > 0]
    rounds = sorted(int(number) for number in rows["round"].unique())
    made = rows[rows["operation"].notna()]
    labels = (made["kind"] + ", " + made["operation"].str.replace("_", " ")).rename("label")
    reasons = rows.loc[rows["reason"].notna(), "reason"].value_counts().index[::-1].tolist()
    heights = [220, 60 + _ROW_PIXELS * max(labels.nunique(), 1), 60 + _ROW_PIXELS * max(len(reasons), 1)]
    figure = make_subplots(
        rows=3,
        cols=1,
        row_heights=heights,
        vertical_spacing=60 / (sum(heights) + 200),
        subplot_titles=(
            f"What became of the branches, from {int((evolved['round'] == 0).sum()):,} seeds",
            "Kept, of those evolved by an operation",
            "Why evolutions were not kept, and branches stopped",
        ),
    )
    for trace in _fates(rows, rounds):
        figure.add_trace(trace, row=1, col=1)
    figure.add_trace(_kept_shares(made, labels, rounds), row=2, col=1)
    for trace in _reasons(rows, reasons, rounds):
        figure.add_trace(trace, row=3, col=1)
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title="branches", tickformat=",", row=1, col=1)
    figure.update_xaxes(showgrid=False, row=2, col=1)
    figure.update_yaxes(showgrid=False, row=2, col=1)
    figure.update_xaxes(tickformat=",", row=3, col=1)
    return styled(figure, "Evolution of instructions", height=sum(heights) + 200)


def _fates(rows: pd.DataFrame, rounds: list[int]) -> list[go.Bar]:
    return [
        go.Bar(
            x=[f"round {number}" for number in rounds],
            y=[int(((rows["round"] == number) & (rows["status"] == fate)).sum()) for number in rounds],
            name=fate,
            marker_color=colour,
            hovertemplate="%{x}: %{y:,}<extra>" + fate + "</extra>",
        )
        for fate, colour in _FATES.items()
    ]


def _kept_shares(made: pd.DataFrame, labels: pd.Series, rounds: list[int]) -> go.Heatmap:
    is_kept = (made["status"] == "kept").astype("float64")
    keys = [labels, made["round"].rename("round")]
    shares = is_kept.groupby(keys).mean().mul(100).unstack("round").reindex(columns=rounds)
    counts = is_kept.groupby(keys).size().unstack("round").reindex(columns=rounds).fillna(0)
    return go.Heatmap(
        z=shares.to_numpy(),
        x=[f"round {number}" for number in rounds],
        y=shares.index.tolist(),
        text=_share_texts(shares, counts),
        texttemplate="%{text}",
        customdata=counts.to_numpy(),
        xgap=2,
        ygap=2,
        colorscale=[[0.0, "#f7f7f7"], [1.0, _KEPT]],
        zmin=0,
        zmax=100,
        showscale=False,
        hovertemplate="%{y}, %{x}: %{z:.1f}% of %{customdata:,} kept<extra></extra>",
    )


def _share_texts(shares: pd.DataFrame, counts: pd.DataFrame) -> list[list[str]]:
    """Nothing where nothing was evolved."""
    return [
        [f"{share:.0f}% of {count:,.0f}" if count else "" for share, count in zip(*row, strict=True)]
        for row in zip(shares.to_numpy(), counts.to_numpy(), strict=True)
    ]


def _reasons(rows: pd.DataFrame, reasons: list[str], rounds: list[int]) -> list[go.Bar]:
    return [
        go.Bar(
            x=[int(((rows["round"] == number) & (rows["reason"] == reason)).sum()) for reason in reasons],
            y=[reason.replace("_", " ") for reason in reasons],
            orientation="h",
            name=f"round {number}",
            marker_color=_ROUNDS[min(place, len(_ROUNDS) - 1)],
            legendgroup="rounds",
            hovertemplate="%{y}: %{x:,}<extra>" + f"round {number}" + "</extra>",
        )
        for place, number in enumerate(rounds)
    ]
