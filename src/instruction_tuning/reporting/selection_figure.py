"""The pool on a map with the selection marked, and how the two are composed."""

from collections.abc import Hashable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import POOL_COLOUR, SELECTED_COLOUR, styled
from instruction_tuning.reporting.projection import main_axes
from instruction_tuning.reporting.wording import one_line
from instruction_tuning.seeds import substream
from instruction_tuning.selection.tfidf_svd import embed_tfidf_svd

MAX_POINTS = 2500
_HOVER_COLUMNS = 80
_DIMENSIONS = 32


def selection_figure(
    instruction_pool: pd.DataFrame, selected_queries: pd.DataFrame, *, seed: int
) -> go.Figure:
    """A map of the pool's prompts with the selection marked, and shares by source below."""
    figure = make_subplots(
        rows=2,
        cols=1,
        row_heights=[0.68, 0.32],
        vertical_spacing=0.14,
        subplot_titles=(
            f"{len(selected_queries):,} of {len(instruction_pool):,} selected; like prompts lie together",
            "Share by source and language",
        ),
    )
    for trace in _map_traces(instruction_pool, selected_queries, seed):
        figure.add_trace(trace, row=1, col=1)
    for frame, name, colour in (
        (instruction_pool, "pool", POOL_COLOUR),
        (selected_queries, "selected", SELECTED_COLOUR),
    ):
        shares = _shares(frame)
        figure.add_trace(
            go.Bar(
                y=list(shares.index),
                x=shares.to_numpy(),
                name=name,
                orientation="h",
                marker_color=colour,
                legendgroup=name,
                showlegend=False,
                hovertemplate="%{x:.1%} of the " + name + "<extra>%{y}</extra>",
            ),
            row=2,
            col=1,
        )
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False, row=1, col=1)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False, row=1, col=1)
    figure.update_xaxes(tickformat=".0%", row=2, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)
    return styled(figure, "Selection", height=720)


def _map_traces(pool: pd.DataFrame, selected: pd.DataFrame, seed: int) -> Sequence[go.Scatter]:
    """Two traces: at most MAX_POINTS each of the records that were left and of those that were taken."""
    because = selected.set_index("record_id")[["rank", "selected_because"]]
    shown = pool.sort_values("record_id").assign(
        is_selected=lambda frame: frame["record_id"].isin(because.index)
    )
    rng = substream(seed, "selection_figure")
    drawn: list[int] = []
    for taken in (False, True):
        positions = np.flatnonzero(shown["is_selected"].to_numpy() == taken).tolist()
        drawn += sorted(rng.sample(positions, min(len(positions), MAX_POINTS)))
    shown = shown.iloc[drawn].reset_index(drop=True)
    places = _places(shown["prompt"].tolist(), seed)
    traces = []
    for taken, name, colour, size in (
        (False, "pool", POOL_COLOUR, 5),
        (True, "selected", SELECTED_COLOUR, 6),
    ):
        rows = shown.index[shown["is_selected"] == taken]
        traces.append(
            go.Scatter(
                x=places[rows, 0],
                y=places[rows, 1],
                name=name,
                legendgroup=name,
                mode="markers",
                marker={"color": colour, "size": size, "opacity": 0.75, "line": {"width": 0}},
                text=[_hover(row, because) for row in shown.loc[rows].to_dict("records")],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return traces


def _hover(row: Mapping[Hashable, Any], because: pd.DataFrame) -> str:
    text = escape(one_line(str(row["prompt"]), _HOVER_COLUMNS), quote=False)
    if row["is_selected"]:
        taken = because.loc[row["record_id"]]
        reason = escape(one_line(str(taken["selected_because"]), _HOVER_COLUMNS), quote=False)
        text += f"<br><i>rank {taken['rank']}: {reason}</i>"
    return text


def _places(texts: list[str], seed: int) -> np.ndarray:
    """(N, 2): the texts on the main axes of their word vectors.

    Drawn from the prompts themselves, so that samplers with other embeddings, or none, can be compared.
    """
    vectors = embed_tfidf_svd(texts, dimensions=_DIMENSIONS, seed=seed) if texts else np.zeros((0, 2))
    return main_axes(vectors.astype(np.float64))


def _shares(frame: pd.DataFrame) -> pd.Series:
    names = frame["source"].str.cat(frame["language"], sep=", ")
    return names.value_counts(normalize=True).sort_index()
