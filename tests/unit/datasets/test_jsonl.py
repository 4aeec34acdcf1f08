"""JSON Lines in and out."""

import pandas as pd
import pytest
from kedro.io import DatasetError

from instruction_tuning.datasets.jsonl import JSONLinesDataset


def test_values_come_back_as_they_were(tmp_path):
    dataset = JSONLinesDataset(filepath=(tmp_path / "items.jsonl").as_posix())
    frame = pd.DataFrame(
        {"item_id": ["0012", "f-1"], "question": ["多少？", 'say "x"'], "choices": [["a"], []]}
    )
    dataset.save(frame)
    loaded = dataset.load()
    assert loaded.to_dict("records") == frame.to_dict("records")
    assert dataset.preview(nrows=1)["data"] == [["0012", "多少？", "['a']"]]


@pytest.mark.parametrize(("line", "problem"), [('{"a": ', "not JSON"), ("[1]", "a line holds list")])
def test_a_broken_line_is_named(tmp_path, line, problem):
    (tmp_path / "items.jsonl").write_text('{"a": 1}\n' + line + "\n")
    with pytest.raises(DatasetError, match=f"{problem}.*line 2"):
        JSONLinesDataset(filepath=(tmp_path / "items.jsonl").as_posix()).load()
