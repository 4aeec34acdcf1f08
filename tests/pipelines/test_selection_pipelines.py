"""The pipelines around query selection, with small real parts: models that train, a teacher over HTTP."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from benchmark_builders import item, random_model, small_benchmark
from chat_server import ChatServer, likely
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from memory_catalog import Kept, run_in_memory
from training_builders import replay_documents, tiny_base

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.hooks.teacher_bill import bill_of_run
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipeline_registry import DIVERSE_EVOL_ROUNDS, register_pipelines
from instruction_tuning.pipelines.diverse_evol.parameters import DiverseEvolParameters
from instruction_tuning.pipelines.pool_ratings.asking_nodes import mark_pool, tag_pool
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters
from instruction_tuning.pipelines.selection_arena.nodes import list_arena_queries
from instruction_tuning.pipelines.selection_arena.parameters import SelectionArenaParameters
from instruction_tuning.pipelines.selection_comparison.parameters import SelectionComparisonParameters
from instruction_tuning.schemas.rated_pool import RatedPool
from instruction_tuning.schemas.selected_queries import SelectedQueries
from instruction_tuning.schemas.teacher_completions import TeacherCompletions
from instruction_tuning.selection.pool_embeddings import PoolEmbeddingParameters
from instruction_tuning.selection.pool_scores import PoolScoreParameters
from instruction_tuning.selection.query_selection_parameters import QuerySelectionParameters
from instruction_tuning.training.sft_parameters import SFTParameters

COUNT = 40


def pool() -> pd.DataFrame:
    """Questions of the microworld with right answers."""
    world, rng = build_world(), random.Random(5)
    rows = []
    for number in range(COUNT):
        skill = SKILLS[number % len(SKILLS)]
        slots = skill.item(world, rng, "train")
        prompt = rng.choice(skill.train_questions).format(**slots)
        answer = skill.short_answer.format(**slots)
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]
        rows.append(
            {
                "record_id": f"{number * 7919 % 10007:016x}",
                "source": "alpaca" if number % 3 else "belle",
                "language": skill.language,
                "licence": "cc0",
                "category": skill.use_case,
                "messages": turns,
                "prompt": prompt,
                "answer": answer,
            }
        )
    return pd.DataFrame(rows)


def section(project_path: Path, name: str) -> dict[str, Any]:
    file = project_path / f"conf/base/parameters_{name}.yml"
    return yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))[name]


def changed(values: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """`values` with `changes`; `deita__seeds` is `seeds` in the group `deita`."""
    values = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}
    for name, value in changes.items():
        group, _, key = name.rpartition("__")
        (values[group] if group else values)[key] = value
    return values


@pytest.fixture(scope="module")
def sections(project_path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The parameters of all of them, as small as they can be."""
    folder = tmp_path_factory.mktemp("work")
    return {
        "sft": SFTParameters(
            **changed(
                section(project_path, "sft"),
                documents_per_example=0.2,
                num_train_epochs=1,
                max_length=256,
                validation_minimum=2,
                work_folder=str(folder / "sft"),
            )
        ),
        "evaluation": EvaluationParameters(
            **changed(section(project_path, "evaluation"), few_shot=1, max_new_tokens_chat=4, seed=1)
        ),
        "pool_embeddings": PoolEmbeddingParameters(
            **changed(section(project_path, "pool_embeddings"), cache_folder=folder, max_length_tokens=64)
        ),
        "pool_scores": PoolScoreParameters(**section(project_path, "pool_scores")),
        "query_selection": QuerySelectionParameters(**section(project_path, "query_selection")),
        "pool_ratings": PoolRatingsParameters(
            **changed(
                section(project_path, "pool_ratings"),
                tags__alpha=1,
                deita__seeds=16,
                deita__steps=1,
                deita__num_train_epochs=1,
                pre_experience__clusters=3,
                requests__completion_store=folder / "completions.sqlite",
                work_folder=folder / "ratings",
            )
        ),
        "diverse_evol": DiverseEvolParameters(
            initial=8, per_round=5, num_train_epochs=1, work_folder=folder / "rounds", seed=3
        ),
        "selection_comparison": SelectionComparisonParameters(
            methods=("uniform", "k_center", "instag", "alpagasus"),
            reference="uniform",
            budget=12,
            seeds=(1, 2),
            map_points=100,
        ),
        "selection_arena": SelectionArenaParameters(
            full_pool=True,
            split="validation",
            items_per_ability=2,
            form="chat_zero_shot",
            confidence=0.95,
            work_folder=str(folder / "arena"),
        ),
    }


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory):
    server = TeacherServer.start(0, tmp_path_factory.mktemp("teacher") / "log")
    yield Endpoint(base_url=server.base_url, model=server.model)
    server.stop()


def run(pipeline: Pipeline, inputs: dict[str, Any], sections: dict[str, Any]) -> DataCatalog:
    """The catalog after `pipeline`, all in memory."""
    given = {**inputs, **{f"params:{name}": value for name, value in sections.items()}}
    given["params:selection_comparison.reference"] = sections["selection_comparison"].reference
    return run_in_memory(pipeline, given)


@pytest.fixture(scope="module")
def stages() -> dict[str, Pipeline]:
    return register_pipelines()


@pytest.fixture(scope="module")
def rated(stages, sections, teacher, project_path: Path) -> DataCatalog:
    base = open_model_folder(project_path / "data/06_models/microworld_base")
    inputs = {
        "instruction_pool": pool(),
        "replay_documents": replay_documents(20),
        "base_model": base,
        # A model that has not learnt anything since.
        "champion_model": base,
        "params:teacher": teacher,
    }
    return run(stages["pool_ratings"].only_nodes_with_namespaces(["pool_ratings"]), inputs, sections)


@pytest.mark.slow
def test_every_record_gets_tags_marks_scores_of_scorers_and_likelihoods(rated: DataCatalog) -> None:
    frame = rated["rated_pool"].load()
    RatedPool.validate(frame)
    assert set(frame["record_id"]) == set(pool()["record_id"]) and len(frame) == COUNT
    assert frame["judge_rating_score"].notna().mean() > 0.8
    assert frame["difficulty_score"].notna().mean() > 0.8
    assert frame["deita_score"].between(1, 36).all()
    assert frame["tags"].dropna().map(len).max() >= 2
    assert frame["pre_experienced_answer_loss"].gt(0).all()
    assert (frame["learnability_score"] == 0).all(), "the champion is the base"


@pytest.mark.slow
def test_every_request_is_a_row_and_none_is_sent_again(rated, stages, sections, teacher) -> None:
    for name in ("tagging_completions", "marking_completions", "ladder_completions"):
        TeacherCompletions.validate(rated[name].load())
    nodes = stages["pool_ratings"].only_nodes("pool_ratings.tag_pool")
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    again = run(nodes, {"instruction_pool": pool(), "params:teacher": nowhere}, sections)
    pd.testing.assert_frame_equal(again["tagging_completions"].load(), rated["tagging_completions"].load())


@pytest.mark.slow
def test_the_bill_of_a_run_holds_what_the_ratings_of_the_pool_asked_for(
    rated, stages, sections, tmp_path
) -> None:
    names = ("tagging_completions", "marking_completions", "ladder_completions")
    frames = {name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet")) for name in names}
    for name, dataset in frames.items():
        dataset.save(rated[name].load())
    kept = {name: Kept(rated[name].load()) for name in ("params:teacher", "params:pool_ratings")}
    bill = bill_of_run(stages["pool_ratings"], DataCatalog({**frames, **kept}), session="another run")
    assert bill is not None and bill.sent == 0
    asked = pd.concat([rated[name].load() for name in names])
    assert bill.found == asked["request_id"].nunique() > 2 * COUNT and bill.unknown == 0


@pytest.mark.slow
def test_what_is_not_asked_for_costs_nothing(stages, sections, teacher) -> None:
    nothing = sections["pool_ratings"].model_copy(update={"measures": ()})
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    inputs = {
        "instruction_pool": pool(),
        "replay_documents": replay_documents(4),
        "base_model": tiny_base(),
        "champion_model": None,
        "params:teacher": nowhere,
    }
    pipeline = stages["pool_ratings"].only_nodes_with_namespaces(["pool_ratings"])
    frame = run(pipeline, inputs, {**sections, "pool_ratings": nothing})["rated_pool"].load()
    assert len(frame) == COUNT and frame.drop(columns="record_id").isna().all(axis=None)


@pytest.mark.slow
def test_each_round_adds_what_is_farthest_and_no_record_twice(stages, sections) -> None:
    pipeline = stages["diverse_evol"].only_nodes_with_namespaces(["diverse_evol"])
    inputs = {
        "instruction_pool": pool(),
        "replay_documents": replay_documents(10),
        "base_model": tiny_base(),
    }
    small = sections["sft"].model_copy(update={"max_length": 96})
    catalog = run(pipeline, inputs, {**sections, "sft": small})
    rounds = [catalog[f"diverse_evol_picked_{number}"].load() for number in range(DIVERSE_EVOL_ROUNDS + 1)]
    assert [len(picked) for picked in rounds] == [8 + 5 * number for number in range(len(rounds))]
    for before, after in pairwise(rounds):
        pd.testing.assert_frame_equal(after.head(len(before)), before)
    order = catalog["diverse_evol_order"].load()
    assert order["record_id"].is_unique and order["diverse_evol_score"].is_monotonic_decreasing


@pytest.fixture(scope="module")
def compared(rated, stages, sections) -> DataCatalog:
    names = ("rated_pool", "tagging_completions", "marking_completions", "ladder_completions")
    inputs = {
        "instruction_pool": pool(),
        "base_model": tiny_base(),
        "stored_ratings": None,
        **{name: rated[name].load() for name in names},
    }
    stage = stages["selection_comparison"].only_nodes_with_namespaces(["selection_comparison"])
    return run(stage, inputs, sections)


@pytest.mark.slow
def test_methods_stand_side_by_side_with_what_they_cost(compared: DataCatalog) -> None:
    picked = compared["compared_selections"].load()
    assert picked.groupby(["method", "seed"]).size().eq(12).all()
    assert picked["reason"].str.len().gt(10).all()
    table = compared["selection_comparison_table"].load().set_index("method")
    assert table.index.tolist() == ["(whole pool)", "uniform", "k_center", "instag", "alpagasus"]
    assert table.loc["k_center", "largest_distance"] <= table.loc["uniform", "largest_distance"]
    costs = compared["selection_costs"].load().set_index("method")
    assert costs["model_calls"].to_dict() == {"uniform": 0, "k_center": 0, "instag": 0, "alpagasus": COUNT}
    hover = compared["selection_map"].load().to_json()
    assert pool()["record_id"].iloc[0] in hover


@pytest.mark.slow
def test_the_arena_ranks_what_models_learn_from_the_picks(compared, stages, sections, tmp_path: Path) -> None:
    items = [item(f"v{n}", split="validation", ability=ability) for n in range(3) for ability in ("a", "b")]
    train = [item(f"t{n}", split="train", ability=ability) for n in range(3) for ability in ("a", "b")]
    benchmark = pd.concat([small_benchmark(), pd.DataFrame([*items, *train])], ignore_index=True)
    selections = compared["compared_selections"].load()
    two = selections[selections["method"].isin(["uniform", "k_center"])]
    inputs = {
        "base_model": random_model(tmp_path),
        "arena_examples": pool().assign(response_id=None),
        "compared_selections": two,
        "replay_documents": replay_documents(10),
        "benchmark_items": benchmark,
    }
    stage = stages["selection_arena"].only_nodes_with_namespaces(["selection_arena"])
    catalog = run(stage, inputs, sections)
    scores = catalog["arena_scores"].load()
    assert set(scores["method"]) == {"uniform", "k_center", "full_pool"}
    assert set(scores["item_id"].str[0]) == {"v"}, "test items stay unseen"
    trained = catalog["arena_trainings"].load().set_index(["method", "seed"])
    assert (
        trained.loc[("full_pool", 1), "examples"] == COUNT and trained.loc[("uniform", 2), "examples"] == 12
    )
    ranking = catalog["arena_ranking"].load()
    assert set(ranking["method"]) == {"uniform", "k_center", "full_pool"}
    assert "| uniform |" in catalog["arena_table"].load()


def test_the_arena_asks_for_the_picks_or_for_the_whole_pool_and_wants_two_seeds(sections) -> None:
    records = pool()
    picked = pd.DataFrame({"method": "uniform", "seed": [1, 2], "record_id": records["record_id"].iloc[:2]})
    arena = sections["selection_arena"]
    for full_pool, count in ((False, 2), (True, COUNT)):
        queries = list_arena_queries(records, picked, arena.model_copy(update={"full_pool": full_pool}))
        SelectedQueries.validate(queries)
        assert len(queries) == count
    with pytest.raises(ConfigurationError, match="one seed tells nothing"):
        list_arena_queries(records, picked.assign(seed=1), arena)


def test_a_pool_is_rated_by_expected_values_where_it_is_said(sections, tmp_path) -> None:
    parameters = sections["pool_ratings"].model_copy(
        update={
            "measures": ("judge_rating",),
            "score_by": "expected_value",
            "requests": sections["pool_ratings"].requests.model_copy(
                update={"completion_store": tmp_path / "completions.sqlite"}
            ),
        }
    )
    with ChatServer() as server:
        server.text = lambda body, index: "Rating: 7"
        server.logprobs = lambda text: [likely("Rating: "), likely("7", ("7", 0.5), ("8", 0.5))]
        judge = Endpoint(base_url=server.base_url, model="judge")
        marks, completions = mark_pool(pool(), judge, completions_frame("judge", [], {}), parameters)
    TeacherCompletions.validate(completions)
    assert marks["judge_rating_score"].tolist() == pytest.approx([7.5] * COUNT)


def test_a_pool_without_answers_is_refused_before_anything_is_paid(sections, teacher) -> None:
    silent = pool().assign(answer=None)
    with pytest.raises(InputError, match="judge_rating is measured on answers"):
        tag_pool(silent, teacher, sections["pool_ratings"])
