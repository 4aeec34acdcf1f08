"""How far people agree: everyone, and each two of them, with intervals."""

import pandas as pd
import plotly.graph_objects as go

from instruction_tuning.reporting.agreement_report import MEASURES, QUESTIONS
from instruction_tuning.reporting.figure_style import COLOURS, styled

_ROW_PIXELS = 26


def agreement_figure(measured: pd.DataFrame) -> go.Figure:
    """A dot with its 95% interval for each measure, hollow for two people; unknown ones are left out."""
    known = measured[measured["estimate"].notna()]
    figure = go.Figure()
    for colour, (measure, name) in zip(COLOURS, MEASURES.items(), strict=False):
        rows = known[known["measure"] == measure]
        if rows.empty:
            continue
        labels = [
            _label(question, people)
            for question, people in zip(rows["question"], rows["people"], strict=True)
        ]
        symbols = ["circle" if people == "all" else "circle-open" for people in rows["people"]]
        figure.add_trace(
            go.Scatter(
                x=rows["estimate"],
                y=labels,
                mode="markers",
                name=name,
                marker={"color": colour, "size": 10, "symbol": symbols, "line": {"width": 2}},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": rows["high"] - rows["estimate"],
                    "arrayminus": rows["estimate"] - rows["low"],
                    "thickness": 1.5,
                },
                customdata=rows[["low", "high", "tasks"]].to_numpy(),
                hovertemplate="%{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}], %{customdata[2]} tasks"
                f"<extra>{name}</extra>",
            )
        )
    order = list(
        dict.fromkeys(_label(row["question"], row["people"]) for row in known.to_dict(orient="records"))
    )
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1])
    figure.update_xaxes(range=[min(-0.05, float(known["low"].min()) - 0.05) if len(known) else -0.05, 1.05])
    figure.add_vline(x=0, line={"color": COLOURS[4], "dash": "dot", "width": 1})
    if known.empty:
        figure.add_annotation(text="no task was done by two people yet", showarrow=False, x=0.5, y=0.5)
    return styled(figure, "Agreement between people", height=170 + _ROW_PIXELS * 2 * max(len(order), 2))


def _label(question: str, people: str) -> str:
    who = "everyone" if people == "all" else people.replace("&", "and").replace("<", "‹").replace(">", "›")
    return f"{QUESTIONS[question]}: {who}"
