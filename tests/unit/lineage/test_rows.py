import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.lineage.rows import count_lines, count_rows, find_rows, read_columns, starting_with


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ten rows in row groups of three."""
    frame = pd.DataFrame(
        {
            "name": [f"id{number}" for number in range(10)],
            "parents": [[f"p{number}", "all"] if number else [] for number in range(10)],
        }
    )
    frame.to_parquet(tmp_path / "rows.parquet", row_group_size=3)
    return tmp_path / "rows.parquet"


def test_rows_are_found_in_every_row_group(file: Path) -> None:
    found = find_rows(file, "name", ["id0", "id4", "id9", "none"], ["name"])
    assert found == [{"name": "id0"}, {"name": "id4"}, {"name": "id9"}]
    assert find_rows(file, "name", []) == []


def test_a_list_matches_by_any_of_its_values(file: Path) -> None:
    assert [row["name"] for row in find_rows(file, "parents", ["p4"])] == ["id4"]
    assert len(find_rows(file, "parents", ["all", "p4"])) == 9


def test_a_prefix_finds_values_up_to_the_limit(file: Path) -> None:
    assert starting_with(file, "name", "id7", limit=5) == ["id7"]
    assert len(starting_with(file, "name", "id", limit=4)) == 4
    assert count_rows(file) == 10


def test_lines_are_counted_without_reading_the_file_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines('{"text": "' + "a" * 1000 + '"}\n\n' for _ in range(20_000))
    tracemalloc.start()
    try:
        assert count_lines(file) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "read",
    [
        lambda file: find_rows(file, "none", ["id0"]),
        lambda file: find_rows(file, "name", ["id0"], ["name", "none"]),
        lambda file: starting_with(file, "none", "id", limit=1),
        lambda file: read_columns(file, ["none"]),
    ],
)
def test_a_column_that_the_file_lacks_is_named(file: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(InputError, match=r"rows.parquet, field none"):
        read(file)
