"""A stored frame that does not fit its schema is named with its version, column and what makes it again."""

from pathlib import Path

import pandas as pd
import pytest
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.validation.exceptions import DataValidationError

from instruction_tuning.errors import InputError
from instruction_tuning.runner import InterruptibleRunner

VERSION = "2026-01-01T00.00.00.000Z"
QUERIES = {
    "record_id": ["a", "b"],
    "source": ["s", "s"],
    "language": ["en", "en"],
    "messages": [[], []],
    "prompt": ["p", "q"],
    "answer": ["a", "b"],
    "rank": [0, 1],
    "sampler": ["uniform", "uniform"],
    "selection_score": [0.0, 0.0],
    "selected_because": ["drawn", "drawn"],
}


@pytest.fixture(autouse=True)
def registered_pipelines(project_path, monkeypatch):
    monkeypatch.chdir(project_path)
    bootstrap_project(project_path)


def catalog(folder: Path) -> DataCatalog:
    entry = {
        "type": "instruction_tuning.datasets.frame.FrameDataset",
        "filepath": str(folder / "selected_queries.parquet"),
        "versioned": True,
        "validator": "instruction_tuning.schemas.selected_queries.SelectedQueries",
    }
    return DataCatalog.from_config({"selected_queries": entry})


def run_on(folder: Path, **changes: list[object]) -> InputError:
    place = folder / "selected_queries.parquet" / VERSION / "selected_queries.parquet"
    place.parent.mkdir(parents=True)
    pd.DataFrame(QUERIES | changes).to_parquet(place)
    pipeline = Pipeline([Node(len, "selected_queries", "count", name="count")])
    with pytest.raises(InputError) as caught:
        InterruptibleRunner().run(pipeline, catalog(folder))
    assert caught.value.file == place
    again, other = "kedro run --pipeline=query_selection", "--load-versions=selected_queries:<version>"
    assert again in caught.value.fix and other in caught.value.fix
    return caught.value


def test_a_column_of_another_type_is_named_with_its_first_row(tmp_path):
    fault = run_on(tmp_path, record_id=[1, 2])
    assert fault.field == "record_id" and "`selected_queries` does not fit its schema" in fault.problem
    assert fault.record == "row 1" and "int64(1)" in fault.problem


def test_a_wrong_value_is_named_with_its_row(tmp_path):
    fault = run_on(tmp_path, rank=[0, -1])
    assert fault.field == "rank" and fault.record == "row 2 (record_id 'b')"


def test_a_frame_that_a_node_makes_and_that_does_not_fit_is_the_nodes_fault(tmp_path):
    wrong = pd.DataFrame(QUERIES | {"record_id": [1, 2]})
    pipeline = Pipeline([Node(lambda: wrong, None, "selected_queries", name="select")])
    with pytest.raises(DataValidationError, match="on save"):
        InterruptibleRunner().run(pipeline, catalog(tmp_path))
