from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from training_builders import tiny_base

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.query_selection.nodes import (
    collect_selected_queries,
    embed_pool,
    select_queries,
)
from instruction_tuning.pipelines.query_selection.parameters import QuerySelectionParameters
from instruction_tuning.pipelines.query_selection.pipeline import create_pipeline
from instruction_tuning.schemas.pool_embeddings import PoolEmbeddings
from instruction_tuning.schemas.selected_queries import SelectedQueries
from instruction_tuning.schemas.selection_decisions import SelectionDecisions

TOPICS = (
    "what is {} plus 3?",
    "translate the word number{}",
    "这个苹果{}是什么颜色",
    "reverse the list a b {}",
)


def pool(count: int) -> pd.DataFrame:
    prompts = [TOPICS[row % 4].format(row) for row in range(count)]
    return pd.DataFrame(
        {
            "record_id": [f"{row * 7919 % 10007:016x}" for row in range(count)],
            "source": "alpaca",
            "language": "en",
            "messages": [[{"role": "user", "content": prompt}] for prompt in prompts],
            "prompt": prompts,
            "answer": [None if row % 2 else f"answer {row}" for row in range(count)],
        }
    )


def parameters(project_path: Path, **changes: Any) -> QuerySelectionParameters:
    file = project_path / "conf/base/parameters_query_selection.yml"
    values = yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))
    return QuerySelectionParameters(**{**values["query_selection"], **changes})


def select(records: pd.DataFrame, chosen: QuerySelectionParameters) -> pd.DataFrame:
    return collect_selected_queries(records, decide(records, chosen))


def decide(records: pd.DataFrame, chosen: QuerySelectionParameters) -> pd.DataFrame:
    return select_queries(records, embed_pool(records, tiny_base(), chosen), chosen)


def test_the_pipeline_selects_and_says_why(project_path: Path, tmp_path: Path) -> None:
    catalog = DataCatalog(
        {
            "instruction_pool": MemoryDataset(pool(120)),
            "base_model": MemoryDataset(tiny_base()),
            "params:query_selection": MemoryDataset(parameters(project_path, budget=12)),
            "pool_embeddings": FrameDataset(filepath=str(tmp_path / "e.parquet")),
            "selection_decisions": FrameDataset(filepath=str(tmp_path / "d.parquet")),
            "selected_queries": FrameDataset(filepath=str(tmp_path / "s.parquet")),
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    PoolEmbeddings.validate(catalog.load("pool_embeddings"))
    selected = catalog.load("selected_queries")
    SelectedQueries.validate(selected)
    SelectionDecisions.validate(catalog.load("selection_decisions"))
    assert len(selected) == 12
    assert selected["selected_because"].str.startswith("k-center pick").all()
    # Four topics far apart: the first picks come from all of them.
    assert {prompt[:4] for prompt in selected["prompt"][:8]} == {topic[:4] for topic in TOPICS}


@pytest.mark.parametrize("sampler", ["uniform", "k_center_greedy"])
@pytest.mark.parametrize("embedding", ["tfidf_svd", "hidden_states"])
def test_a_smaller_budget_is_a_prefix_and_the_order_of_the_rows_does_not_matter(
    project_path: Path, sampler: str, embedding: str
) -> None:
    large, small = (
        parameters(project_path, sampler=sampler, embedding=embedding, budget=budget, max_length_tokens=64)
        for budget in (20, 7)
    )
    selected = select(pool(40), large)
    SelectedQueries.validate(selected)
    assert select(pool(40), small)["record_id"].tolist() == selected["record_id"].tolist()[:7]
    shuffled = pool(40).sample(frac=1, random_state=3).reset_index(drop=True)
    assert select(shuffled, large)["record_id"].tolist() == selected["record_id"].tolist()


def test_a_selected_row_is_the_row_of_the_pool(project_path: Path) -> None:
    records = pool(30)
    selected = select(records, parameters(project_path, budget=9)).set_index("record_id")
    expected = records.set_index("record_id").loc[selected.index]
    pd.testing.assert_frame_equal(selected[expected.columns], expected)


@pytest.mark.parametrize("sampler", ["uniform", "k_center_greedy"])
def test_every_record_of_the_pool_has_a_decision(project_path: Path, sampler: str) -> None:
    chosen = parameters(project_path, sampler=sampler, budget=9)
    decisions = decide(pool(30), chosen)
    SelectionDecisions.validate(decisions)
    assert set(decisions["record_id"]) == set(pool(30)["record_id"])
    taken = decisions[decisions["decision"] == "selected"]
    assert taken["record_id"].tolist() == select(pool(30), chosen)["record_id"].tolist()


def test_what_k_center_left_is_no_farther_from_the_picks_than_the_last_pick_was(project_path: Path) -> None:
    chosen = parameters(project_path, budget=9)
    vectors = embed_pool(pool(30), tiny_base(), chosen).set_index("record_id")
    decisions = decide(pool(30), chosen).set_index("record_id")
    picks = decisions.index[:9]
    left = decisions.iloc[9:]
    for record_id, row in left.iterrows():
        distances = np.linalg.norm(vectors.loc[picks] - vectors.loc[record_id], axis=1)
        assert row["selection_score"] == pytest.approx(distances.min(), abs=1e-3)
        named = np.linalg.norm(vectors.loc[row["nearest_selected"]] - vectors.loc[record_id])
        assert named == pytest.approx(distances.min(), abs=1e-3)
    assert left["selection_score"].max() <= decisions["selection_score"].iloc[8] + 1e-3


def test_a_budget_above_the_pool_takes_all_and_says_so(
    project_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    selected = select(pool(10), parameters(project_path, budget=500))
    assert len(selected) == 10
    assert "the budget of 500 is more than the pool has: all of it is taken" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "WARNING"], "harmless"


def test_answers_can_be_embedded_with_the_prompts(project_path: Path) -> None:
    vectors = [
        embed_pool(pool(40), tiny_base(), parameters(project_path, embedded_text=text)).iloc[:, 1:].to_numpy()
        for text in ("prompt", "prompt_and_answer")
    ]
    assert vectors[0].shape[0] == 40 and not np.array_equal(*vectors)


def test_an_empty_pool_is_refused_with_the_fix(project_path: Path) -> None:
    with pytest.raises(InputError, match="rejected_records"):
        embed_pool(pool(0), tiny_base(), parameters(project_path))


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"sampler": "deita"}, {"bugdet": 5}])
def test_wrong_parameters_are_refused(project_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        parameters(project_path, **wrong)


@pytest.mark.real_data
@pytest.mark.slow
def test_fifty_thousand_real_records_are_embedded_and_selected_within_a_minute(
    project_path: Path, real_data_dir: Path
) -> None:
    import time

    raw = pd.read_parquet(real_data_dir / "alpaca_en" / "alpaca_data.parquet")
    prompts = (raw["instruction"] + "\n\n" + raw["input"].fillna("")).tolist()
    records = pd.DataFrame(
        {"record_id": [f"{row:016x}" for row in range(len(prompts))], "prompt": prompts, "answer": None}
    )
    started = time.monotonic()
    selected = select(records, parameters(project_path, budget=1000))
    assert len(records) > 49_000 and selected["record_id"].is_unique
    assert time.monotonic() - started < 60
