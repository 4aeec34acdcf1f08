from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DatasetError

from instruction_tuning.cli.plain_errors import explain
from instruction_tuning.datasets.frame import FrameDataset


def test_half_a_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "pool.parquet"
    frame = pd.DataFrame({"text": ["a", "b"] * 500})
    stored = FrameDataset(filepath=str(file))
    stored.save(frame)
    assert stored.load().equals(frame)
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DatasetError) as raised:
        stored.load()
    told = explain(raised.value)
    assert told is not None and "no whole Parquet file" in told and str(file) in told
    assert "--load-versions" in told
