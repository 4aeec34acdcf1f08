"""Real files are read, and every row of them ends in one place."""

import importlib.util
from pathlib import Path

import pyarrow.parquet as pq
import pytest

PROJECT = Path(__file__).parents[3]
SAMPLE_ROWS = 300
SAMPLE_BYTES = 1_000_000


def script():
    path = PROJECT / "benchmarks" / "real_data_ingestion.py"
    spec = importlib.util.spec_from_file_location("real_data_ingestion", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = script()
COMPARED = ("alpaca_eval", "pandalm", "hh_rlhf", "llama_factory_dpo", "cherry_reviews")
NO_ANSWERS = {"vicuna80/reviews.parquet", "gpt4_llm_comparison/cmp_data_scores.parquet"}


@pytest.mark.real_data
def test_every_file_of_instructions_preferences_and_text_is_tried(real_data_dir):
    listed = SCRIPT.listed_rows(real_data_dir)
    untried = [name for name in listed.keys() - SCRIPT.FILES.keys() if not name.startswith(SCRIPT.LEFT_OUT)]
    assert untried == []


@pytest.mark.real_data
@pytest.mark.parametrize("name", SCRIPT.FILES)
def test_kept_and_rejected_rows_of_a_real_file_add_up(tmp_path, real_data_dir, name):
    path, rows = real_data_dir / name, SCRIPT.listed_rows(real_data_dir)[name]
    if path.suffix == ".parquet":
        assert pq.read_metadata(path).num_rows == rows
        path, rows = sampled(path, tmp_path / path.name)
    _, kinds, reasons = SCRIPT.ingest(path, SCRIPT.FILES[name])
    assert kinds["records"] + kinds["documents"] + kinds["rejected"] == rows
    if name in NO_ANSWERS:
        assert set(reasons) == {"missing_field"}
    else:
        assert kinds["rejected"] < rows / 2, reasons
    assert bool(kinds["compared"]) == name.startswith(COMPARED)


def sampled(path, target):
    """Rows from all over the file, few enough to be read in a second, and their number."""
    table = pq.read_table(path)
    rows = min(SAMPLE_ROWS, max(1, table.num_rows * SAMPLE_BYTES // table.nbytes), table.num_rows)
    pq.write_table(table.take([number * table.num_rows // rows for number in range(rows)]), target)
    return target, rows
