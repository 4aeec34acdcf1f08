"""Comparison data in one figure: scores by model, who wins, and what a place is worth to the judge."""

from collections import Counter
from html import escape

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, error_bars, styled

_GRADES = list(range(1, 11))


def comparison_figure(compared: pd.DataFrame, wins: pd.DataFrame, effects: pd.DataFrame) -> go.Figure:
    """From schemas.compared_responses and the tables of reward/comparison_measures.py.

    A mean over orders is counted at the grade that it rounds to.
    """
    models = sorted(compared["model"].unique())
    bars, lines = len(models) * 70, max(len(wins), 1) * 34 + 60
    heights = [max(bars, 220), lines, 260]
    figure = make_subplots(
        rows=3,
        cols=1,
        row_heights=heights,
        vertical_spacing=0.09,
        subplot_titles=(
            "Scores: share of a model's answers at each grade",
            "Pairs: wins, ties and losses of the first",
            "Place: rating there less the answer's own mean, 95% intervals",
        ),
    )
    for number, model in enumerate(models):
        figure.add_trace(_histogram(compared[compared["model"] == model], model, number), row=1, col=1)
    for outcome, colour in (("wins", COLOURS[2]), ("ties", COLOURS[4]), ("losses", COLOURS[5])):
        figure.add_trace(_outcomes(wins, outcome, colour), row=2, col=1)
    for number, (places, rows) in enumerate(effects.groupby("places")):
        figure.add_trace(_places(rows, int(str(places)), number), row=3, col=1)
    figure.update_layout(barmode="group")
    figure.update_xaxes(title="grade", tickvals=_GRADES, row=1, col=1)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_xaxes(title="pairs", row=2, col=1)
    figure.update_xaxes(title="place", dtick=1, row=3, col=1)
    figure.update_yaxes(title="points", zeroline=True, row=3, col=1)
    return styled(figure, "Answers of several models, rated", height=sum(heights) + 260)


def _histogram(rows: pd.DataFrame, model: str, number: int) -> go.Bar:
    grades = Counter(int(score + 0.5) for score in rows["score"].dropna())
    total = max(sum(grades.values()), 1)
    return go.Bar(
        x=_GRADES,
        y=[grades[grade] / total for grade in _GRADES],
        name=escape(model, quote=False),
        marker={"color": COLOURS[number % len(COLOURS)]},
        customdata=[grades[grade] for grade in _GRADES],
        hovertemplate="%{x}: %{customdata} answers, %{y:.1%}<extra>%{fullData.name}</extra>",
    )


def _outcomes(wins: pd.DataFrame, outcome: str, colour: str) -> go.Bar:
    # Bars of one pair lie behind each other in grouped mode; a base each puts them in a row.
    before = {"wins": [], "ties": ["wins"], "losses": ["wins", "ties"]}[outcome]
    names = [f"{row['first']} against {row['second']}" for row in wins.to_dict("records")]
    return go.Bar(
        x=wins[outcome],
        y=[escape(name, quote=False) for name in names],
        base=wins[before].sum(axis=1),
        orientation="h",
        offsetgroup="pairs",
        name=outcome,
        marker={"color": colour},
        hovertemplate="%{y}: %{x} " + outcome + "<extra></extra>",
    )


def _places(rows: pd.DataFrame, places: int, number: int) -> go.Scatter:
    return go.Scatter(
        x=rows["place"],
        y=rows["effect"],
        name=f"{places} answers shown",
        mode="lines+markers",
        marker={"color": COLOURS[number % len(COLOURS)]},
        error_y=error_bars(rows["effect"], rows["low"], rows["high"]),
        hovertemplate="place %{x}: %{y:+.2f} points<extra>%{fullData.name}</extra>",
    )
