import numpy as np
import pandas as pd
import pytest
from reporting_builders import pool

from instruction_tuning.reporting.selection_comparison import (
    POOL,
    composition_shares,
    length_quantiles,
)
from instruction_tuning.reporting.selection_comparison_figures import (
    selection_composition_figure,
    selection_cost_figure,
    selection_length_figure,
    selection_overlap_figure,
)

RECORDS = pool(20).assign(licence=["mit" if n % 4 else None for n in range(20)], category=None)
SELECTIONS = {
    "even <n>": [f"{n:016x}" for n in range(0, 20, 2)],
    "odd": [f"{n:016x}" for n in range(1, 20, 2)],
}


def test_the_heat_map_has_a_cell_for_each_two_methods() -> None:
    names = ["a", "<b>"]
    overlap = pd.DataFrame([[1.0, 0.25], [0.25, 1.0]], index=names, columns=names)
    (heat,) = selection_overlap_figure(overlap).data
    assert list(heat.x) == list(heat.y) == ["a", "&lt;b&gt;"]
    np.testing.assert_array_equal(heat.z, overlap.to_numpy())


def test_a_box_stands_for_each_method_that_has_texts_and_for_the_pool() -> None:
    lengths = length_quantiles(SELECTIONS, RECORDS.assign(answer=None))
    prompts, answers = selection_length_figure(lengths).data
    assert list(prompts.y) == [POOL, "even &lt;n&gt;", "odd"]
    assert len(answers.y) == 0
    assert list(prompts["median"]) == lengths.loc[lengths["part"] == "prompt", "p50"].tolist()


def test_the_bars_of_a_method_add_up_to_the_whole_in_every_panel() -> None:
    figure = selection_composition_figure(composition_shares(SELECTIONS, RECORDS))
    panels: dict[str, np.ndarray] = {}
    for bar in figure.data:
        panels[bar.xaxis] = panels.get(bar.xaxis, np.zeros(3)) + np.array(bar.x)
    assert len(panels) == 2  # language and licence: no record tells its category
    for total in panels.values():
        np.testing.assert_allclose(total, 1.0)
    assert {bar.name for bar in figure.data} == {"English", "Chinese", "mit", "(not stated)"}


def test_only_costs_that_are_known_have_a_panel_and_the_pool_has_no_bar() -> None:
    table = pd.DataFrame(
        {"method": [POOL, "a", "b"], "cost/usd": [np.nan, 2.0, 0.0], "cost/tokens": [np.nan] * 3}
    )
    (bar,) = selection_cost_figure(table).data
    assert list(bar.y) == ["a", "b"] and list(bar.x) == [2.0, 0.0]


@pytest.mark.parametrize("columns", [{}, {"cost/usd": [np.nan, np.nan]}])
def test_without_any_cost_there_is_a_figure_that_says_so(columns: dict[str, list[float]]) -> None:
    figure = selection_cost_figure(pd.DataFrame({"method": [POOL, "a"], **columns}))
    assert figure.layout.annotations[0].text == "nothing to show"
