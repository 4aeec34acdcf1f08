"""The ranking of methods by what their models can do: a forest plot, a heat map by ability, a table."""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, error_bars, styled
from instruction_tuning.reporting.markdown_table import markdown_row
from instruction_tuning.schemas.benchmark_metrics import ability_name
from instruction_tuning.text.counting import counted

_BETTER, _WORSE, _OPEN = COLOURS[2], COLOURS[5], COLOURS[4]
_ROW_PIXELS = 26
_MOST_CELL_TEXTS = 200


def arena_figure(
    ranking: pd.DataFrame, abilities: pd.DataFrame, *, reference: str, confidence: float = 0.95
) -> go.Figure:
    """From `rank_methods` and `ability_differences`: differences to `reference` in percentage points.

    Above, the mean over abilities with its interval; below, each ability. Green and red: better and
    worse with a Holm-adjusted p below 1 - `confidence`; grey: open.
    """
    methods = ranking["method"].tolist()
    heights = [_ROW_PIXELS * len(methods) + 30, _ROW_PIXELS * len(methods) + 60]
    figure = make_subplots(
        rows=2,
        cols=1,
        row_heights=heights,
        vertical_spacing=110 / (sum(heights) + 250),
        subplot_titles=(
            f"Mean over abilities against {escape(reference, quote=False)}, {confidence * 100:.4g}% interval",
            "By ability: mean score, colour by the difference",
        ),
    )
    for trace in _forest(ranking, reference, 1 - confidence):
        figure.add_trace(trace, row=1, col=1)
    figure.add_vline(x=0, line={"color": "#333333", "width": 1, "dash": "dot"}, row=1, col=1)
    figure.add_trace(_heat_map(abilities, methods), row=2, col=1)
    labels = [escape(method, quote=False) for method in methods]
    for row in (1, 2):
        # As given, best above; without the range a method without a colour's mark would change the order.
        figure.update_yaxes(
            categoryorder="array", categoryarray=labels[::-1], range=[-0.6, len(labels) - 0.4], row=row, col=1
        )
    figure.update_xaxes(title="percentage points", title_standoff=4, zeroline=False, row=1, col=1)
    return styled(figure, "Methods compared by their models", height=sum(heights) + 250)


def arena_table(ranking: pd.DataFrame, *, reference: str, confidence: float = 0.95) -> str:
    """The ranking as a Markdown table with a sentence on how to read it; scores in percent.

    A column `examples`, how many a model was trained on, is shown where there is one.
    """
    has_examples = "examples" in ranking
    header = (
        *("rank", "method", *["examples"] * has_examples, "mean score", "± between seeds", "difference"),
        *(f"{confidence * 100:.4g}% interval", "p (Holm)", "detectable difference"),
    )
    lines = [markdown_row(header), markdown_row(["---:", ":---", *["---:"] * (len(header) - 2)])]
    for row in ranking.to_dict("records"):
        scores = [f"{row['examples']:,.0f}"] if has_examples else []
        scores += [f"{row['mean_score'] * 100:.1f}", f"{row['seed_sd'] * 100:.1f}"]
        against = ["reference", "", "", ""]
        if not pd.isna(row["difference"]):
            against = [
                f"{row['difference'] * 100:+.1f}",
                f"[{row['ci_low'] * 100:+.1f}, {row['ci_high'] * 100:+.1f}]",
                _p_value(float(row["p_value_holm"])),
                f"{row['detectable_difference'] * 100:.1f}",
            ]
        lines.append(markdown_row([str(row["rank"]), str(row["method"]), *scores, *against]))
    return "\n".join([*lines, "", _reading(ranking, reference)])


def _reading(ranking: pd.DataFrame, reference: str) -> str:
    first = ranking.iloc[0]
    return (
        f"Mean over {counted(int(first['abilities']), 'ability', 'abilities')}, "
        f"{counted(int(first['items']), 'item')}, {counted(int(first['seeds']), 'seed')}. Differences to "
        f"{reference} in percentage points, on the same seeds and items; each interval for itself, "
        "p adjusted for the number of methods (Holm). A true difference as large as the detectable one would "
        "be found 8 times in 10, before that adjustment."
    )


def _forest(ranking: pd.DataFrame, reference: str, level: float) -> list[go.Scatter]:
    """A trace a verdict, so that the legend names the colours; the reference at 0 without an interval."""
    difference = ranking["difference"].fillna(0.0)
    is_reference = ranking["method"] == reference
    is_sure = ranking["p_value_holm"] < level
    verdicts = (
        ("better", _BETTER, is_sure & (difference > 0)),
        ("worse", _WORSE, is_sure & (difference < 0)),
        ("open", _OPEN, ~is_sure & ~is_reference),
        ("reference", "#333333", is_reference),
    )
    traces = []
    for name, colour, chosen in verdicts:
        rows = ranking[chosen]
        if rows.empty:
            continue
        points = difference[chosen].to_numpy() * 100
        traces.append(
            go.Scatter(
                x=points,
                y=[escape(method, quote=False) for method in rows["method"]],
                name=name,
                mode="markers",
                marker={
                    "color": colour,
                    "size": 9,
                    "symbol": "square" if name == "reference" else "circle",
                },
                error_x=error_bars(
                    points, rows["ci_low"] * 100, rows["ci_high"] * 100, thickness=1.5, width=4
                ),
                customdata=[
                    f"{row['mean_score'] * 100:.1f}%"
                    + ("" if pd.isna(row["p_value"]) else f", p (Holm) {_p_value(row['p_value_holm'])}")
                    for row in rows.to_dict("records")
                ],
                hovertemplate="%{x:+.1f} points, mean score %{customdata}<extra>%{y}</extra>",
            )
        )
    return traces


def _heat_map(abilities: pd.DataFrame, methods: Sequence[str]) -> go.Heatmap:
    names = sorted(set(abilities["ability"]))
    tables = abilities.pivot(index="method", columns="ability")
    means = tables["mean_score"].loc[list(methods), names].to_numpy() * 100  # (methods, abilities)
    differences = tables["difference"].loc[list(methods), names].to_numpy() * 100
    reach = max(float(np.abs(differences).max()), 1.0)
    return go.Heatmap(
        z=differences,
        x=[ability_name(name) for name in names],
        y=[escape(method, quote=False) for method in methods],
        text=means,
        texttemplate="%{text:.0f}" if means.size <= _MOST_CELL_TEXTS else None,
        colorscale=[[0.0, _WORSE], [0.5, "#f7f7f7"], [1.0, _BETTER]],
        zmin=-reach,
        zmax=reach,
        colorbar={"title": "points", "thickness": 12, "len": 0.45, "y": 0.0, "yanchor": "bottom"},
        xgap=1,
        ygap=1,
        hovertemplate="%{y}, %{x}: %{text:.1f}%, %{z:+.1f} points<extra></extra>",
    )


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
