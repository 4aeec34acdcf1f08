"""The pool on a map with the selection marked, and how the two are composed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import POOL_COLOUR, SELECTED_COLOUR, styled
from instruction_tuning.reporting.wording import one_line
from instruction_tuning.seeds import substream

MAX_POINTS = 2500
_HOVER_COLUMNS = 80


def selection_figure(
    instruction_pool: pd.DataFrame,
    pool_embeddings: pd.DataFrame,
    selected_queries: pd.DataFrame,
    *,
    seed: int,
) -> go.Figure:
    """The pool on the two main axes of its embeddings with the selection marked; shares by source below."""
    figure = make_subplots(
        rows=2,
        cols=1,
        row_heights=[0.68, 0.32],
        vertical_spacing=0.14,
        subplot_titles=(
            "Two main axes of the embeddings",
            "Share by source and language",
        ),
    )
    for trace in _map_traces(instruction_pool, pool_embeddings, selected_queries, seed):
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
    return styled(
        figure, f"{len(selected_queries):,} of {len(instruction_pool):,} records selected", height=720
    )


def _map_traces(
    pool: pd.DataFrame, embeddings: pd.DataFrame, selected: pd.DataFrame, seed: int
) -> Sequence[go.Scatter]:
    chosen = set(selected["record_id"])
    is_selected = embeddings["record_id"].isin(chosen).to_numpy()
    rng = substream(seed, "selection_figure")
    shown = []
    for positions in (np.flatnonzero(~is_selected), np.flatnonzero(is_selected)):
        shown.append(sorted(rng.sample(positions.tolist(), min(len(positions), MAX_POINTS))))
    places = _main_axes(embeddings.drop(columns="record_id").to_numpy(dtype=np.float64))
    prompts = pool.set_index("record_id")["prompt"]
    because = selected.set_index("record_id")[["rank", "selected_because"]]
    traces = []
    for drawn, name, colour, size in zip(
        shown, ("pool", "selected"), (POOL_COLOUR, SELECTED_COLOUR), (5, 6), strict=True
    ):
        ids = embeddings["record_id"].iloc[drawn]
        texts = [_hover(record_id, prompts, because) for record_id in ids]
        traces.append(
            go.Scatter(
                x=places[drawn, 0],
                y=places[drawn, 1],
                name=name,
                legendgroup=name,
                mode="markers",
                marker={"color": colour, "size": size, "opacity": 0.75, "line": {"width": 0}},
                text=texts,
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return traces


def _hover(record_id: str, prompts: pd.Series, because: pd.DataFrame) -> str:
    text = _escaped(one_line(str(prompts.get(record_id, record_id)), _HOVER_COLUMNS))
    if record_id in because.index:
        row = because.loc[record_id]
        reason = _escaped(one_line(str(row["selected_because"]), _HOVER_COLUMNS))
        text += f"<br><i>rank {row['rank']}: {reason}</i>"
    return text


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _main_axes(vectors: np.ndarray) -> np.ndarray:
    """(N, 2): the rows on the two directions of largest variance (PCA), signs fixed; zeros without rows."""
    if len(vectors) < 2 or vectors.shape[1] < 2:
        return np.zeros((len(vectors), 2))
    centred = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending, so the last two columns: (D, D)
    main = axes[:, [-1, -2]]
    strongest = main[np.abs(main).argmax(axis=0), [0, 1]]
    return centred @ (main * np.where(strongest < 0, -1.0, 1.0))


def _shares(frame: pd.DataFrame) -> pd.Series:
    names = frame["source"].str.cat(frame["language"], sep=", ")
    return names.value_counts(normalize=True).sort_index()
