"""How far people agree: everyone, and each two of them, with intervals."""

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from instruction_tuning.reporting.agreement_report import MEASURES, QUESTIONS
from instruction_tuning.reporting.figure_style import COLOURS, error_bars, styled

_ROW_PIXELS = 46
_SPREAD = 0.5  # of a row: what the measures of one question share, so that no interval hides another


def agreement_figure(measured: pd.DataFrame) -> go.Figure:
    """A dot with its 95% interval for each measure, hollow for two people; unknown ones are left out."""
    known = measured[measured["estimate"].notna()]
    labels = list(dict.fromkeys(_label(row) for row in known.to_dict(orient="records")))
    used = [measure for measure in MEASURES if measure in set(known["measure"])]
    figure = go.Figure()
    for number, measure in enumerate(used):
        rows = known[known["measure"] == measure]
        places = [labels.index(_label(row)) + _lift(known, row) for row in rows.to_dict(orient="records")]
        figure.add_trace(_dots(rows, places, COLOURS[number], MEASURES[measure]))
    figure.update_yaxes(
        tickvals=list(range(len(labels))), ticktext=labels, range=[max(len(labels), 2) - 0.5, -0.5]
    )
    lowest = float(known["low"].min()) if len(known) else 0.0
    figure.update_xaxes(range=[min(lowest, 0) - 0.05, 1.05])
    figure.add_vline(x=0, line={"color": COLOURS[4], "dash": "dot", "width": 1})
    if known.empty:
        figure.add_annotation(text="no task was done by two people yet", showarrow=False, x=0.5, y=0.5)
    return styled(figure, "Agreement between people", height=150 + _ROW_PIXELS * max(len(labels), 2))


def _dots(rows: pd.DataFrame, places: list[float], colour: str, name: str) -> go.Scatter:
    symbols = ["circle" if people == "all" else "circle-open" for people in rows["people"]]
    return go.Scatter(
        x=rows["estimate"],
        y=places,
        mode="markers",
        name=name,
        marker={"color": colour, "size": 9, "symbol": symbols, "line": {"width": 2, "color": colour}},
        error_x=error_bars(rows["estimate"], rows["low"], rows["high"], thickness=1.5),
        customdata=rows[["low", "high", "tasks"]].to_numpy(),
        hovertemplate="%{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}], %{customdata[2]} tasks"
        f"<extra>{name}</extra>",
    )


def _lift(known: pd.DataFrame, row: Mapping[Any, Any]) -> float:
    """How far from the middle of its row a measure stands, in rows; one alone stands in the middle."""
    beside = known[(known["question"] == row["question"]) & (known["people"] == row["people"])]
    place = beside["measure"].tolist().index(row["measure"])
    return _SPREAD * ((place + 0.5) / len(beside) - 0.5)


def _label(row: Mapping[Any, Any]) -> str:
    people = str(row["people"])
    who = "everyone" if people == "all" else escape(people, quote=False)
    return f"{QUESTIONS[row['question']]}: {who}"
