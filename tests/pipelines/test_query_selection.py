import random
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from chat_server import ChatServer
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from training_builders import tiny_base

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.newest_frame import NewestFrameDataset
from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.pipelines.query_selection.nodes import (
    collect_selected_queries,
    score_pool,
    select_queries,
)
from instruction_tuning.pipelines.query_selection.pipeline import create_pipeline
from instruction_tuning.schemas.pool_embeddings import PoolEmbeddings
from instruction_tuning.schemas.scored_pool import ScoredPool
from instruction_tuning.schemas.selected_queries import SelectedQueries
from instruction_tuning.schemas.selection_decisions import SelectionDecisions
from instruction_tuning.selection.pool_embeddings import PoolEmbeddingParameters, embed_pool
from instruction_tuning.selection.pool_scores import PoolScoreParameters
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters

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


def section(project_path: Path, name: str, **changes: Any) -> dict[str, Any]:
    file = project_path / f"conf/base/parameters_{name}.yml"
    return {
        **yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))[name],
        **changes,
    }


def parameters(project_path: Path, **changes: Any) -> QuerySelectionParameters:
    return QuerySelectionParameters(**section(project_path, "query_selection", **changes))


def embedding(project_path: Path, **changes: Any) -> PoolEmbeddingParameters:
    return PoolEmbeddingParameters(**section(project_path, "pool_embeddings", **changes))


def scoring(project_path: Path, **changes: Any) -> PoolScoreParameters:
    return PoolScoreParameters(**section(project_path, "pool_scores", **changes))


def select(
    records: pd.DataFrame, chosen: QuerySelectionParameters, project_path: Path, **how: Any
) -> pd.DataFrame:
    return collect_selected_queries(records, decide(records, chosen, project_path, **how))


def decide(
    records: pd.DataFrame,
    chosen: QuerySelectionParameters,
    project_path: Path,
    ratings: pd.DataFrame | None = None,
    **how: Any,
) -> pd.DataFrame:
    vectors = embed_pool(records, tiny_base(), embedding(project_path, **how))
    scores = score_pool(records, tiny_base(), ratings, chosen, scoring(project_path))
    ScoredPool.validate(scores)
    return select_queries(records, vectors, scores, chosen)


def test_the_pipeline_selects_and_says_why(project_path: Path, tmp_path: Path) -> None:
    catalog = DataCatalog(
        {
            "instruction_pool": MemoryDataset(pool(120)),
            "base_model": MemoryDataset(tiny_base()),
            "stored_ratings": NewestFrameDataset(
                frames={"x": {"filepath": str(tmp_path / "none")}}, key="record_id", made_by=""
            ),
            "params:query_selection": MemoryDataset(parameters(project_path, budget=12)),
            "params:pool_embeddings": MemoryDataset(embedding(project_path)),
            "params:pool_scores": MemoryDataset(scoring(project_path)),
            "scored_pool": FrameDataset(filepath=str(tmp_path / "scored.parquet")),
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


@pytest.mark.parametrize("method", ["uniform", "k_center"])
@pytest.mark.parametrize("embedded_by", ["tfidf_svd", "hidden_states"])
def test_a_smaller_budget_is_a_prefix_and_the_order_of_the_rows_does_not_matter(
    project_path: Path, tmp_path: Path, method: str, embedded_by: str
) -> None:
    large, small = (parameters(project_path, method=method, budget=budget) for budget in (20, 7))
    how = {"embedding": embedded_by, "max_length_tokens": 64, "cache_folder": tmp_path}
    selected = select(pool(40), large, project_path, **how)
    SelectedQueries.validate(selected)
    fewer = select(pool(40), small, project_path, **how)
    assert fewer["record_id"].tolist() == selected["record_id"].tolist()[:7]
    shuffled = pool(40).sample(frac=1, random_state=3).reset_index(drop=True)
    assert (
        select(shuffled, large, project_path, **how)["record_id"].tolist() == selected["record_id"].tolist()
    )


def test_a_selected_row_is_the_row_of_the_pool(project_path: Path) -> None:
    records = pool(30)
    selected = select(records, parameters(project_path, budget=9), project_path).set_index("record_id")
    expected = records.set_index("record_id").loc[selected.index]
    pd.testing.assert_frame_equal(selected[expected.columns], expected)


# Those that need nothing but the pool and the base model.
ON_THE_SPOT = (
    *("uniform", "k_center", "facility_location", "clusters", "instag", "instag_length_controlled"),
    *("tag_balance", "lima", "perplexity_band", "capability", "cheap_and_good"),
)


@pytest.mark.parametrize("method", ON_THE_SPOT)
def test_every_record_of_the_pool_has_a_decision(project_path: Path, method: str) -> None:
    chosen = parameters(project_path, method=method, budget=9)
    decisions = decide(pool(30), chosen, project_path)
    SelectionDecisions.validate(decisions)
    assert set(decisions["record_id"]) == set(pool(30)["record_id"])
    taken = decisions[decisions["decision"] == "selected"]
    assert 0 < len(taken) <= 9
    assert taken["record_id"].tolist() == select(pool(30), chosen, project_path)["record_id"].tolist()


@pytest.mark.parametrize("method", ["ifd", "superfiltering", "diverse_ifd"])
def test_what_the_prompt_does_not_help_with_is_dropped_and_the_least_helped_come_first(
    project_path: Path, method: str
) -> None:
    base = open_model_folder(project_path / "data/06_models/microworld_base")
    codes = ["".join(random.Random(row).sample(string.ascii_uppercase, 5)) for row in range(20)]
    asked = [f"Which letter is first, {code}?" for code in codes]
    records = pool(20).assign(
        prompt=asked,
        messages=[[{"role": "user", "content": prompt}] for prompt in asked],
        # Every second answer is right, the others are the first letters of other codes.
        answer=[codes[row if row % 2 else (row + 7) % 20][0] for row in range(20)],
    )
    chosen = parameters(project_path, method=method, budget=4)
    scores = score_pool(records, base, None, chosen, scoring(project_path, prompt_form="plain"))
    name = "superfiltering" if method == "superfiltering" else "ifd"
    by_record = scores.set_index("record_id")[name]
    # Above 1 the prompt does not help, and the record is dropped; the rest is in the order of the ratio.
    assert 4 <= by_record.notna().sum() < 20 and by_record.dropna().between(0, 1).all()
    vectors = embed_pool(records, base, embedding(project_path))
    decisions = select_queries(records, vectors, scores, chosen)
    SelectionDecisions.validate(decisions)
    taken = decisions[decisions["decision"] == "selected"]
    dropped = decisions[decisions["record_id"].isin(by_record.index[by_record.isna()])]
    assert (dropped["decision"] == "not_selected").all()
    assert dropped["reason"].str.contains(r"makes the answer less likely \(.* above 1\)").all()
    if method != "diverse_ifd":
        assert taken["record_id"].tolist() == by_record.sort_values(ascending=False).index[:4].tolist()
    else:
        assert (by_record[taken["record_id"]] >= by_record.median()).all()


def test_what_k_center_left_is_no_farther_from_the_picks_than_the_last_pick_was(project_path: Path) -> None:
    chosen = parameters(project_path, budget=9)
    vectors = embed_pool(pool(30), tiny_base(), embedding(project_path)).set_index("record_id")
    decisions = decide(pool(30), chosen, project_path).set_index("record_id")
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
    selected = select(pool(10), parameters(project_path, budget=500), project_path)
    assert len(selected) == 10
    assert "the budget of 500 is more than the pool has: all of it is taken" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "WARNING"], "harmless"


def test_answers_can_be_embedded_with_the_prompts(project_path: Path) -> None:
    vectors = [
        embed_pool(pool(40), tiny_base(), embedding(project_path, embedded_text=text)).iloc[:, 1:].to_numpy()
        for text in ("prompt", "prompt_and_answer")
    ]
    assert vectors[0].shape[0] == 40 and not np.array_equal(*vectors)


def test_an_empty_pool_is_refused_with_the_fix(project_path: Path) -> None:
    with pytest.raises(InputError, match="rejected_records"):
        embed_pool(pool(0), tiny_base(), embedding(project_path))


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"method": "guess"}, {"bugdet": 5}])
def test_wrong_parameters_are_refused(project_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        parameters(project_path, **wrong)


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"sampler": "guess"}, "no sampler is called 'guess'; there are cluster_quota"),
        ({"sampler": "top_score"}, "goes by a score, and none is named"),
        ({"sampler": "k_center_greedy", "score": "ifd"}, "goes by no score: name it in a stage"),
        ({"sampler": "top_score", "score": {"ifd": 1, "lima": -1}}, "greater than 0"),
        ({"sampler": "top_score", "score": "charm"}, "no score is called 'charm'; there are"),
        ({"sampler": "uniform", "settings": {"treshold": 1}}, "has no setting 'treshold'"),
        (
            {"sampler": "cluster_quota", "settings": {"clusters": "many"}},
            "clusters of the sampler cluster_quota cannot be 'many'",
        ),
        (
            {"sampler": "cluster_quota", "settings": {"quota": "square"}},
            "cannot be 'square': input should be 'proportional'",
        ),
        ({"sampler": "uniform", "stages": [{"score": "lima"}]}, "one of keep_share, keep_count and at_least"),
    ],
)
def test_a_recipe_that_cannot_be_says_what_can(project_path: Path, recipe: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        parameters(project_path, methods={"k_center": {"sampler": "k_center_greedy"}, "mine": recipe})


RATED = {
    "deita": "deita_score",
    "alpagasus": "judge_rating_score",
    "difficulty": "difficulty_score",
    "learnability": "learnability_score",
    "diverse_evol": "diverse_evol_score",
}


@pytest.mark.parametrize(("method", "column"), RATED.items())
def test_a_method_that_was_not_measured_names_the_command(
    project_path: Path, method: str, column: str
) -> None:
    chosen = parameters(project_path, method=method, budget=3)
    command = "diverse_evol" if method == "diverse_evol" else "pool_ratings"
    with pytest.raises(InputError, match=rf"(?s)`{column}`.*--pipeline={command}"):
        decide(pool(12), chosen, project_path)
    other = pd.DataFrame({"record_id": ["x"], column: [1.0]})
    with pytest.raises(InputError, match="measured on another pool"):
        decide(pool(12), chosen, project_path, other)


@pytest.mark.parametrize(("method", "column"), RATED.items())
def test_stored_ratings_are_joined_by_id_and_a_record_without_one_is_not_picked(
    project_path: Path, method: str, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    records = pool(12)
    ratings = pd.DataFrame({"record_id": records["record_id"][::-1][1:], column: np.arange(11.0) / 10})
    decisions = decide(records, parameters(project_path, method=method, budget=3), project_path, ratings)
    best = ratings.sort_values(column, ascending=False)["record_id"].tolist()
    picks = decisions.loc[decisions["decision"] == "selected", "record_id"].tolist()
    assert picks[0] == best[0] and set(picks) <= set(best)
    unrated = decisions.set_index("record_id").loc[records["record_id"].iloc[-1]]
    assert unrated["decision"] == "not_selected" and "no score" in unrated["reason"]
    assert f"1 of 12 records of the pool have no `{column}`" in caplog.text


def test_a_hosted_model_embeds_the_pool_and_is_asked_once(project_path: Path, tmp_path: Path) -> None:
    with ChatServer() as server:
        endpoint = {"base_url": server.base_url, "model": "vectors", "price_per_million_input_tokens": 0.02}
        how = {"embedding": "endpoint", "endpoint": endpoint, "cache_folder": tmp_path}
        vectors = embed_pool(pool(40), tiny_base(), embedding(project_path, **how))
        PoolEmbeddings.validate(vectors)
        few = select(pool(40), parameters(project_path, budget=7), project_path, **how)
        many = select(pool(40), parameters(project_path, budget=20), project_path, **how)
        assert sum(len(body["input"]) for body in server.requests) == 40
    assert few["record_id"].tolist() == many["record_id"].tolist()[:7]


def test_vectors_depend_on_the_model_that_is_asked_and_not_on_where_or_how(project_path: Path) -> None:
    endpoint = {"base_url": "http://a/v1", "model": "vectors", "price_per_million_input_tokens": 0.02}
    other = {**endpoint, "base_url": "http://b/v1", "timeout_seconds": 5, "budget_usd": 1}
    alike = [embedding(project_path, embedding="endpoint", endpoint=one) for one in (endpoint, other)]
    unlike = embedding(project_path, embedding="endpoint", endpoint={**endpoint, "model": "others"})
    assert alike[0].content_identity() == alike[1].content_identity() != unlike.content_identity()
    asks_nobody = embedding(project_path, endpoint=endpoint)
    assert asks_nobody.content_identity() == embedding(project_path).content_identity()
    assert asks_nobody.asked_endpoint is None


def test_an_endpoint_of_embeddings_has_to_be_named(project_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs an endpoint: base_url, model"):
        embedding(project_path, embedding="endpoint")


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
    selected = select(records, parameters(project_path, budget=1000), project_path)
    assert len(records) > 49_000 and selected["record_id"].is_unique
    assert time.monotonic() - started < 60
