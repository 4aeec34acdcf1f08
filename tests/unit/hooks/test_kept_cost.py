"""What a kept record has cost, counted from stored frames."""

import json

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.hooks.kept_cost import costs_of_kept

ASKED = pd.DataFrame({"request_id": ["a", "a", "b"], "price_usd": [1.0, 0.0, 2.0]})


@pytest.fixture
def costs(tmp_path):
    """What is told of `kept` and the requests behind it; each is stored and marked as the catalog does it."""

    def of(kept, *asked, by=None, ends=("kept",), stored=True):
        names = [f"asked_{number}" for number in range(len(asked))]
        mark = {"paid": names} | ({"by": by} if by else {})
        kind = FrameDataset if isinstance(kept, pd.DataFrame) else JSONLinesDataset
        data = {"kept": kind(filepath=str(tmp_path / f"kept{kind.__name__}"), metadata={"kept": mark})}
        if kind is JSONLinesDataset:
            data["kept"] = kind(filepath=str(tmp_path / "kept.jsonl"), metadata={"kept": mark})
            (tmp_path / "kept.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
        else:
            data["kept"].save(kept)
        for name, frame in zip(names, asked, strict=True):
            data[name] = FrameDataset(filepath=str(tmp_path / f"{name}.parquet"))
            if stored:
                data[name].save(frame)
        pipeline = Pipeline([Node(lambda: None, None, [*ends, *names], name="made")])
        return [(cost.name, cost.kept, cost.price_usd) for cost in costs_of_kept(pipeline, DataCatalog(data))]

    return of


def test_a_record_with_two_answers_is_one_record(costs):
    answers = pd.DataFrame({"record_id": ["r1", "r1", "r2"]})
    assert costs(answers, ASKED, by="record_id") == [("kept", 2, 3.0)]
    assert costs(answers, ASKED) == [("kept", 3, 3.0)]


def test_a_row_with_a_reason_is_not_kept(costs):
    rows = pd.DataFrame({"record_id": ["r1", "r2"], "reason": [None, "too_long"]})
    assert costs(rows, ASKED) == [("kept", 1, 3.0)]


def test_lines_of_a_raw_source_are_records(costs):
    assert costs([{"id": 1}, {"id": 2}, {"id": 3}], ASKED) == [("kept", 3, 3.0)]


def test_a_request_that_two_rounds_have_is_paid_once(costs):
    again = pd.DataFrame({"request_id": ["b", "c"], "price_usd": [2.0, 4.0]})
    assert costs([{"id": 1}], ASKED, again) == [("kept", 1, 7.0)]


@pytest.mark.parametrize("price", [[None], []], ids=["unknown", "nothing asked"])
def test_nothing_is_told_without_a_price_or_a_record(costs, price):
    asked = pd.DataFrame({"request_id": ["a"] * len(price), "price_usd": price}).astype({"price_usd": float})
    assert costs([{"id": 1}], asked) == []
    assert costs([], ASKED) == []


def test_nothing_is_told_of_what_the_run_has_not_made(costs):
    assert costs([{"id": 1}], ASKED, stored=False) == []
    assert costs([{"id": 1}], ASKED, ends=()) == []
