import pytest
from reporting_builders import pool, selected

from instruction_tuning.reporting.selection_figure import selection_figure


def test_at_most_so_many_points_are_drawn_of_each_kind(monkeypatch):
    monkeypatch.setattr("instruction_tuning.reporting.selection_figure.MAX_POINTS", 4)
    records = pool()
    figure = selection_figure(records, selected(records), seed=1)
    assert [len(trace.x) for trace in figure.data if trace.type == "scatter"] == [4, 4]


def test_every_record_of_a_small_pool_is_a_point_and_the_selected_tell_why():
    records = pool()
    figure = selection_figure(records, selected(records), seed=1)
    points = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    assert (len(points["pool"].x), len(points["selected"].x)) == (30, 10)
    assert (
        points["selected"].text[0].startswith("Question &lt;0&gt; &amp; 问题<br><i>rank 0: k-center pick 1")
    )


def test_the_shares_of_pool_and_selection_add_up():
    records = pool()
    figure = selection_figure(records, selected(records), seed=1)
    assert [sum(bar.x) for bar in figure.data if bar.type == "bar"] == pytest.approx([1, 1])


def test_the_map_does_not_depend_on_the_order_of_the_pool():
    records = pool()
    one, other = (
        selection_figure(frame, selected(records), seed=1).data[0] for frame in (records, records[::-1])
    )
    assert list(one.x) == list(other.x) and list(one.text) == list(other.text)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_tiny_pool_can_be_drawn(rows):
    records = pool(rows)
    selection_figure(records, selected(records, 1), seed=1)
