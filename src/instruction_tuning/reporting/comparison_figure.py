"""Comparison data in one figure: scores by model, who wins, and what a place is worth to the judge."""

from collections import Counter
from html import escape

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, error_bars, styled

_GRADES = list(range(1, 11))
# None is a model's colour, and all are seen on light and on dark ground.
_OUTCOMES = {"wins": "#56798f", "ties": "#c9ced6", "losses": "#dd8f7a"}
_PLACES_COLOUR = "#7b8794"
_PLACES_LOOKS = (("circle", "solid"), ("square", "dot"), ("diamond", "dash"), ("cross", "dashdot"))
_DODGE = 0.05  # of a place, so that intervals do not lie on each other


def comparison_figure(compared: pd.DataFrame, wins: pd.DataFrame, effects: pd.DataFrame) -> go.Figure:
    """From schemas.compared_responses and the tables of reward/comparison_measures.py.

    A mean over orders is counted at the grade that it rounds to. There is no panel of places where answers
    were rated one by one.
    """
    models = sorted(compared["model"].unique())
    bars, lines = len(models) * 70, max(len(wins), 1) * 34 + 60
    heights = [max(bars, 220), lines] + [260] * (not effects.empty)
    titles = (
        "Scores: share of a model's answers at each grade",
        "Pairs: wins, ties and losses of the first",
        "Place: rating there less the answer's own mean, 95% intervals",
    )
    figure = make_subplots(
        rows=len(heights),
        cols=1,
        row_heights=heights,
        vertical_spacing=80 / (sum(heights) + 80 * len(heights)),
        subplot_titles=titles[: len(heights)],
    )
    for number, model in enumerate(models):
        figure.add_trace(_histogram(compared[compared["model"] == model], model, number), row=1, col=1)
    for outcome, colour in _OUTCOMES.items():
        figure.add_trace(_outcomes(wins, outcome, colour), row=2, col=1)
    figure.update_layout(barmode="group")
    figure.update_xaxes(title="grade", tickvals=_GRADES, row=1, col=1)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_xaxes(title="pairs", row=2, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)  # as in the report
    if not effects.empty:
        _add_places(figure, effects)
    figure.update_xaxes(title={"standoff": 4, "font": {"size": 13}})
    drawn = styled(figure, "Answers of several models, rated", height=sum(heights) + 80 * len(heights) + 40)
    # Beside the panels, a group for each.
    beside = {"orientation": "v", "x": 1.02, "xref": "paper", "y": 1, "yref": "paper", "yanchor": "top"}
    return drawn.update_layout(legend={**beside, "traceorder": "grouped", "groupclick": "toggleitem"})


def _add_places(figure: go.Figure, effects: pd.DataFrame) -> None:
    groups = list(effects.groupby("places"))
    for number, (places, rows) in enumerate(groups):
        shift = _DODGE * (number - (len(groups) - 1) / 2)
        figure.add_trace(_places(rows, int(str(places)), number, shift), row=3, col=1)
    figure.update_xaxes(title="place", dtick=1, row=3, col=1)
    figure.update_yaxes(title={"text": "points", "font": {"size": 13}}, zeroline=True, row=3, col=1)


def _histogram(rows: pd.DataFrame, model: str, number: int) -> go.Bar:
    grades = Counter(int(score + 0.5) for score in rows["score"].dropna())
    total = max(sum(grades.values()), 1)
    return go.Bar(
        x=_GRADES,
        y=[grades[grade] / total for grade in _GRADES],
        name=escape(model, quote=False),
        marker={"color": COLOURS[number % len(COLOURS)]},
        legendgroup="models",
        legendgrouptitle={"text": "models"},
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
        legendgroup="pairs",
        legendgrouptitle={"text": "pairs"},
        marker={"color": colour},
        texttemplate="%{x}",
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        hovertemplate="%{y}: %{x} " + outcome + "<extra></extra>",
    )


def _places(rows: pd.DataFrame, places: int, number: int, shift: float) -> go.Scatter:
    symbol, dash = _PLACES_LOOKS[number % len(_PLACES_LOOKS)]
    return go.Scatter(
        x=rows["place"] + shift,
        y=rows["effect"],
        name=f"{places} answers",
        legendgroup="places",
        legendgrouptitle={"text": "shown at once"},
        mode="lines+markers",
        marker={"color": _PLACES_COLOUR, "symbol": symbol, "size": 9},
        line={"width": 1.5, "dash": dash},
        error_y=error_bars(rows["effect"], rows["low"], rows["high"], thickness=1.5),
        customdata=rows["place"],
        hovertemplate="place %{customdata}: %{y:+.2f} points<extra>%{fullData.name}</extra>",
    )
