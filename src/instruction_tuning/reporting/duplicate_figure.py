"""How large the clusters of duplicates are, and the S-curve of the settings that found the near ones."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.dedup.lsh_settings import SHOWN_SIMILARITIES, LshSettings
from instruction_tuning.reporting.figure_style import COLOURS, styled

_KINDS = ("exact_duplicate", "near_duplicate", "semantic_duplicate")
_MOST_SIZES = 20


def duplicate_figure(duplicate_clusters: pd.DataFrame, lsh: LshSettings, *, threshold: float) -> go.Figure:
    """Dropped rows by the size of their cluster and kind; the probability that a pair becomes a candidate."""
    figure = make_subplots(
        rows=1,
        cols=2,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.13,
        subplot_titles=(
            "Dropped rows by size of the cluster",
            f"LSH: {lsh.bands} bands of {lsh.rows} rows, steepest at {lsh.threshold:.2f};<br>"
            + ", ".join(f"{lsh.candidate_probability(s):.3f} at {s:g}" for s in SHOWN_SIMILARITIES),
        ),
    )
    sizes = duplicate_clusters["cluster_rows"].clip(upper=_MOST_SIZES)
    shown = sorted(set(sizes))
    names = [f"{size}+" if size == _MOST_SIZES else str(size) for size in shown]
    for kind, colour in zip(_KINDS, COLOURS, strict=False):
        counts = sizes[duplicate_clusters["fate"] == kind].value_counts().reindex(shown, fill_value=0)
        if counts.sum():
            figure.add_trace(
                go.Bar(
                    x=names,
                    y=counts.tolist(),
                    name=kind.replace("_", " "),
                    marker_color=colour,
                    hovertemplate="%{y:,} rows in clusters of %{x}<extra></extra>",
                ),
                row=1,
                col=1,
            )
    similarity = np.linspace(0, 1, 101)
    figure.add_trace(
        go.Scatter(
            x=similarity,
            y=[lsh.candidate_probability(float(value)) for value in similarity],
            mode="lines",
            line={"color": COLOURS[4]},
            showlegend=False,
            hovertemplate="similarity %{x:.2f}: %{y:.4f}<extra></extra>",
        ),
        row=1,
        col=2,
    )
    known = [lsh.candidate_probability(value) for value in SHOWN_SIMILARITIES]
    figure.add_trace(
        go.Scatter(
            x=SHOWN_SIMILARITIES,
            y=known,
            mode="markers",
            marker={"color": COLOURS[5], "size": 7},
            showlegend=False,
            hovertemplate="similarity %{x:.2f}: %{y:.4f}<extra></extra>",
        ),
        row=1,
        col=2,
    )
    figure.add_vline(x=threshold, line={"color": COLOURS[4], "dash": "dot", "width": 1}, row=1, col=2)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="rows in the cluster", title_font_size=13, type="category", row=1, col=1)
    figure.update_yaxes(title="rows dropped", title_font_size=13, tickformat=",", row=1, col=1)
    figure.update_xaxes(title="Jaccard similarity", title_font_size=13, range=[0, 1.03], row=1, col=2)
    figure.update_yaxes(title="becomes a candidate", title_font_size=13, tickformat=".0%", row=1, col=2)
    return styled(figure, "Duplicates", height=390).update_layout(margin_t=60)
