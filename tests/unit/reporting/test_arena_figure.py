import numpy as np
import pandas as pd
import pytest

from instruction_tuning.reporting.arena_figure import arena_figure, arena_table
from instruction_tuning.statistics.paired_seeds import ability_differences, rank_methods

GAINS = {"uniform": 0.0, "ifd<0.9>": 0.2, "longest|first": -0.2, "k_center": 0.0}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [
        (method, seed, f"{ability}-{item}", ability, float(rng.random() < 0.5 + gain))
        for method, gain in GAINS.items()
        for seed in range(8)
        for ability in ("open_qa", "math")
        for item in range(60)
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "item_id", "ability", "score"])


@pytest.fixture(scope="module")
def ranking(scores: pd.DataFrame) -> pd.DataFrame:
    return rank_methods(scores, "uniform")


def test_the_forest_has_every_method_once_in_the_colour_of_its_verdict(
    scores: pd.DataFrame, ranking: pd.DataFrame
) -> None:
    figure = arena_figure(ranking, ability_differences(scores, "uniform"), reference="uniform")
    points = {trace.name: list(trace.y) for trace in figure.data if trace.type == "scatter"}
    assert points == {
        "better": ["ifd&lt;0.9&gt;"],
        "worse": ["longest|first"],
        "open": ["k_center"],
        "reference": ["uniform"],
    }


def test_the_error_bars_are_the_interval_in_points_and_the_reference_has_none(
    scores: pd.DataFrame, ranking: pd.DataFrame
) -> None:
    figure = arena_figure(ranking, ability_differences(scores, "uniform"), reference="uniform")
    traces = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    better, row = traces["better"], ranking.set_index("method").loc["ifd<0.9>"]
    assert better.x[0] + better.error_x.array[0] == pytest.approx(row["ci_high"] * 100)
    assert better.x[0] - better.error_x.arrayminus[0] == pytest.approx(row["ci_low"] * 100)
    assert (traces["reference"].x[0], traces["reference"].error_x.array[0]) == (0, 0)


def test_best_is_above_in_both_panels_and_cells_hold_mean_scores(
    scores: pd.DataFrame, ranking: pd.DataFrame
) -> None:
    abilities = ability_differences(scores, "uniform")
    figure = arena_figure(ranking, abilities, reference="uniform")
    labels = [method.replace("<", "&lt;").replace(">", "&gt;") for method in ranking["method"]]
    for axis in (figure.layout.yaxis, figure.layout.yaxis2):
        assert list(axis.categoryarray) == labels[::-1]
    heat = next(trace for trace in figure.data if trace.type == "heatmap")
    assert list(heat.x) == ["math", "open qa"] and list(heat.y) == labels
    expected = abilities.set_index(["method", "ability"]).loc[("ifd<0.9>", "math"), "mean_score"]
    assert heat.text[labels.index("ifd&lt;0.9&gt;")][0] == pytest.approx(expected * 100)


def test_the_table_has_a_row_a_method_in_their_order_and_tells_how_to_read_it(ranking: pd.DataFrame) -> None:
    lines = arena_table(ranking, reference="uniform").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:6]]
    assert all(len(row) == 8 for row in cells)
    assert [row[1] for row in cells[2:]] == [name.replace("|", "&#124;") for name in ranking["method"]]
    reference = cells[2 + ranking["method"].tolist().index("uniform")]
    assert reference[4:] == ["reference", "", "", ""]
    best = ranking.iloc[0]
    assert cells[2][4] == f"{best['difference'] * 100:+.1f}"
    assert "2 abilities, 120 items, 8 seeds" in lines[-1] and "uniform" in lines[-1]


def test_a_reference_alone_can_be_drawn(scores: pd.DataFrame) -> None:
    alone = scores[scores["method"] == "uniform"]
    ranking = rank_methods(alone, "uniform")
    arena_figure(ranking, ability_differences(alone, "uniform"), reference="uniform")
    assert "| 1 | uniform |" in arena_table(ranking, reference="uniform")


def test_how_many_examples_each_was_trained_on_is_shown_where_it_is_known(ranking: pd.DataFrame) -> None:
    table = arena_table(ranking.assign(examples=1234.0), reference="uniform", confidence=0.9)
    assert "| examples |" in table and "| 1,234 |" in table and "90% interval" in table
