"""The seed tasks that come with the project."""

from pathlib import Path

import pandas as pd
import pytest

from instruction_tuning.schemas.seed_tasks import SeedTasks
from instruction_tuning.synthesis.instances import instance_fault
from instruction_tuning.synthesis.instruction_filters import InstructionFilters, instruction_fault
from instruction_tuning.synthesis.rouge_novelty import NoveltyIndex

FILTERS = InstructionFilters()


@pytest.fixture(scope="module")
def general(project_path: Path) -> pd.DataFrame:
    return pd.read_json(project_path / "data/01_raw/seed_tasks/general.jsonl", lines=True)


def test_there_are_forty_of_each_language_and_labels_among_them(general: pd.DataFrame) -> None:
    SeedTasks.validate(general)
    counts = general.groupby("language")["is_classification"].agg(["size", "sum"])
    assert (counts["size"] >= 40).all() and (counts["sum"] >= 10).all()


def test_they_pass_what_new_tasks_have_to_pass(general: pd.DataFrame) -> None:
    index = NoveltyIndex()
    for row in general.to_dict("records"):
        assert instruction_fault(row["instruction"], row["language"], FILTERS) is None, row
        assert instance_fault(row["input"], row["output"]) is None, row
        assert index.ask(row["instruction"]).rouge_l <= FILTERS.max_rouge_l, row
        index.add(row["id"], row["instruction"])


def test_half_of_the_chinese_ones_have_no_english_counterpart(general: pd.DataFrame) -> None:
    names = general.assign(name=general["id"].str.removeprefix("general_").str[3:])
    english, chinese = (set(names.loc[names["language"] == code, "name"]) for code in ("en", "zh"))
    assert 2 * len(chinese - english) >= len(chinese) and len(chinese & english) >= 15
