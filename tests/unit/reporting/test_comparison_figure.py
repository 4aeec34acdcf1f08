import pandas as pd

from instruction_tuning.reporting.comparison_figure import comparison_figure

COMPARED = pd.DataFrame({"model": ["a", "b", "c"] * 2, "score": [9.0, 5.0, None] * 2})
WINS = pd.DataFrame({"first": ["a"], "second": ["b"], "wins": [3], "ties": [1], "losses": [2]})
EFFECTS = pd.DataFrame(
    {"places": [2, 2, 3], "place": [1, 2, 1], "effect": [0.1, -0.1, 0.2], "low": 0.0, "high": 0.3}
)


def test_no_colour_means_two_things_and_each_panel_has_its_own_legend():
    figure = comparison_figure(COMPARED, WINS, EFFECTS)
    colours: dict[str, set[str]] = {}
    for trace in figure.data:
        colours.setdefault(trace.legendgroup, set()).add(trace.marker.color)
    assert list(colours) == ["models", "pairs", "places"]
    assert sum(map(len, colours.values())) == len(set.union(*colours.values()))
    assert figure.layout.legend.traceorder == "grouped"


def test_intervals_of_one_place_do_not_lie_on_each_other():
    first, second = comparison_figure(COMPARED, WINS, EFFECTS).data[-2:]
    assert first.customdata[0] == second.customdata[0] == 1 and first.x[0] < 1 < second.x[0]


def test_without_places_there_is_no_empty_panel():
    figure = comparison_figure(COMPARED, WINS, EFFECTS.head(0))
    assert "yaxis2" in figure.layout and "yaxis3" not in figure.layout
