from typing import Any

import numpy as np
import pandas as pd
import pytest
from reporting_builders import pool as records_of

from instruction_tuning.errors import InputError
from instruction_tuning.reporting.selection_map import selection_map

SELECTIONS = {"uniform": [f"{n:016x}" for n in (3, 1, 7)], "ifd <top>": [f"{n:016x}" for n in (1, 20)]}


def pool(rows: int = 40) -> pd.DataFrame:
    return records_of(rows).assign(category=None)


def embeddings_of(records: pd.DataFrame) -> pd.DataFrame:
    """Two components in which every record has a place of its own."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(records), 4)).astype(np.float32)
    return pd.DataFrame(vectors, index=records["record_id"], columns=["e000", "e001", "e002", "e003"])


def traces_of(records: pd.DataFrame, **settings: Any) -> dict[str, Any]:
    figure = selection_map(
        SELECTIONS, records, embeddings_of(records), seed=1, **{"max_points": 400} | settings
    )
    return {trace.name: trace for trace in figure.data}


def test_each_method_is_a_trace_that_can_be_switched_and_every_record_of_a_small_pool_a_point() -> None:
    traces = traces_of(pool())
    assert {name: len(trace.x) for name, trace in traces.items()} == {
        "not selected": 36,
        "selected": 4,
        "uniform (3)": 3,
        "ifd &lt;top&gt; (2)": 2,
    }
    assert {trace.type for trace in traces.values()} == {"scattergl"}


def test_a_ring_lies_around_the_record_that_the_method_picked() -> None:
    traces = traces_of(pool())
    dots, rings = traces["selected"], traces["ifd &lt;top&gt; (2)"]
    places = set(zip(dots.x, dots.y, strict=True))
    assert set(zip(rings.x, rings.y, strict=True)) <= places


def test_hover_shows_the_record_with_its_ranks_and_without_markup_of_its_own() -> None:
    text = traces_of(pool())["selected"].text[0]
    assert text == (
        "0000000000000001, (not stated)<br>picked as: uniform 2, ifd &lt;top&gt; 1"
        "<br><b>prompt</b> Question &lt;1&gt; &amp; 问题<br><b>answer</b> Answer 1"
    )


def test_a_long_text_is_cut_at_200_characters_and_set_in_lines() -> None:
    records = pool(25).assign(prompt="word " * 100)
    text = traces_of(records)["selected"].text[0]
    prompt = text.split("<b>prompt</b> ")[1].split("<br><b>answer")[0]
    assert prompt.endswith("…") and len(prompt.replace("<br>", " ")) <= 201
    assert all(len(line) <= 72 for line in prompt.split("<br>"))


def test_chinese_is_set_in_lines_of_half_as_many_characters() -> None:
    records = pool(25).assign(prompt="字" * 150)
    text = traces_of(records)["selected"].text[0]
    lines = text.split("<b>prompt</b> ")[1].split("<br><b>answer")[0].split("<br>")
    assert len(lines) == 5 and len(lines[0]) == 36


def test_all_selected_are_drawn_and_of_the_others_what_there_is_room_for() -> None:
    traces = traces_of(pool(), max_points=6)
    assert [len(traces[name].x) for name in ("not selected", "selected")] == [6, 4]
    traces = traces_of(pool(), max_points=0)
    assert [len(traces[name].x) for name in ("not selected", "selected")] == [0, 4]


def test_the_page_stays_within_its_bytes_and_keeps_all_selected() -> None:
    records = pool(400).assign(prompt="<tag> 长的文本 / " * 40, answer="回答 " * 200)
    bound = 60_000
    figure = selection_map(
        SELECTIONS, records, embeddings_of(records), seed=1, max_points=400, max_bytes=bound
    )
    page = figure.to_html(include_plotlyjs=False, full_html=False)
    drawn = {trace.name: len(trace.x) for trace in figure.data}
    assert len(page.encode()) < bound + 12_000  # the layout with its template
    assert drawn["selected"] == 4 and 10 < drawn["not selected"] < 396
    assert f"{4 + drawn['not selected']} of 400 records drawn" in figure.layout.annotations[0].text


def test_where_the_selected_alone_are_too_much_their_texts_are_cut_first() -> None:
    records = pool(25).assign(prompt="word " * 100, answer="word " * 100)
    text = traces_of(records, max_bytes=1_500)["selected"].text[0]
    prompt = text.split("<b>prompt</b> ")[1].split("<br><b>answer")[0]
    assert 25 <= len(prompt) <= 101


def test_the_map_does_not_depend_on_the_order_of_the_pool() -> None:
    records = pool()
    vectors = embeddings_of(records)
    one, other = (
        selection_map(SELECTIONS, frame, at, seed=1, max_points=12)
        for frame, at in ((records, vectors), (records[::-1], vectors[::-1]))
    )
    assert one.to_json() == other.to_json()


def test_a_record_that_is_not_in_the_pool_is_named() -> None:
    with pytest.raises(InputError, match=r"not in the pool \(record beef\)"):
        selection_map({"uniform": ["beef"]}, pool(), embeddings_of(pool()), seed=0, max_points=9)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_tiny_pool_and_a_selection_of_nothing_can_be_drawn(rows: int) -> None:
    selection_map({"uniform": []}, pool(rows), embeddings_of(pool(rows)), seed=0, max_points=9)


def test_the_first_methods_are_shown_at_first_and_the_others_wait_in_the_legend() -> None:
    from instruction_tuning.reporting.selection_map import SHOWN_AT_FIRST, _rings

    at = pd.DataFrame({"x": [0.0], "y": [1.0]})
    shown = [_rings(at, f"method {number}", number).visible for number in range(4)]
    assert shown == [True] * SHOWN_AT_FIRST + ["legendonly"] * (4 - SHOWN_AT_FIRST)
