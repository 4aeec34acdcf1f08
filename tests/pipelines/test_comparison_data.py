"""Compared answers from real parts: the microworld's teacher over HTTP, a small random model, a file."""

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from benchmark_builders import random_model
from chat_server import MODEL, ChatServer
from kedro.io import DataCatalog
from memory_catalog import Kept, run_in_memory

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.errors import ConfigurationError, FailureRateError, InputError
from instruction_tuning.hooks.teacher_bill import bill_of_run
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipelines.comparison_data.nodes import TRIAL_RATINGS, rate_compared_answers
from instruction_tuning.pipelines.comparison_data.parameters import ComparisonDataParameters
from instruction_tuning.pipelines.comparison_data.pipeline import create_pipeline
from instruction_tuning.reward.comparison_measures import place_effects
from instruction_tuning.reward.preference_pairs import build_preference_pairs
from instruction_tuning.schemas.compared_responses import ComparedResponses
from instruction_tuning.schemas.comparison_pairs import ComparisonPairs
from instruction_tuning.schemas.rated_responses import RatedResponses
from instruction_tuning.schemas.teacher_completions import TeacherCompletions

COUNT = 12
TWO = {"teacher": {"source": "teacher"}, "record": {"source": "record"}}
DEFAULTS = Path(__file__).parents[2] / "conf" / "base" / "parameters_comparison_data.yml"


def queries() -> pd.DataFrame:
    """Questions of the world, every third with a wrong answer of its own, the last in two turns."""
    world, rng = build_world(), random.Random(3)
    rows = []
    for number in range(COUNT):
        skill = SKILLS[number * 5 % len(SKILLS)]
        slots = skill.item(world, rng, "train")
        prompt = rng.choice(skill.train_questions).format(**slots)
        turns = [{"role": "user", "content": prompt}]
        if number == COUNT - 1:
            turns = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Yes?"}, *turns]
        rows.append(
            {
                "record_id": f"{number:016x}",
                "language": skill.language,
                "messages": turns,
                "prompt": prompt,
                "answer": None if number == 0 else "Xyzzy" if number % 3 == 0 else slots["answer"],
            }
        )
    return pd.DataFrame(rows)


def parameters(folder: Path, **changes: Any) -> ComparisonDataParameters:
    values = yaml.safe_load(DEFAULTS.read_text("utf-8").replace("${globals:seed}", "7"))["comparison_data"]
    values["requests"]["completion_store"] = folder / "completions.sqlite"
    values["max_tokens"] = 8
    values["models"] = {
        **{name: {"source": name} for name in ("teacher", "base_model", "record")},
        "other": {"source": "file", "path": folder / "other.jsonl"},
    }
    for name, value in changes.items():
        group, _, key = name.rpartition("__")
        (values[group] if group else values)[key] = value
    return ComparisonDataParameters(**values)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("compared")
    rows = [
        {"instruction": row["prompt"], "input": "", "output": f"I say {row['answer']}."}
        for row in queries().iloc[: COUNT - 3].to_dict("records")
    ]
    (place / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return place


@pytest.fixture(scope="module")
def teacher(folder: Path):
    server = TeacherServer.start(0, folder / "log")
    yield Endpoint(base_url=server.base_url, model=server.model)
    server.stop()


@pytest.fixture(scope="module")
def compared(folder: Path, teacher: Endpoint) -> DataCatalog:
    return run_in_memory(
        create_pipeline(),
        {
            "selected_queries": queries(),
            "params:teacher": teacher,
            "base_model": random_model(folder / "base"),
            "champion_model": None,
            "params:comparison_data": parameters(folder, rating__ways=("alone", "joint")),
        },
    )


def test_every_model_has_a_row_for_every_query_and_every_request_is_booked(compared, tmp_path) -> None:
    frame = compared["compared_responses"].load()
    ComparedResponses.validate(frame)
    assert frame.groupby("model").size().to_dict() == dict.fromkeys(
        ["base_model", "other", "record", "teacher"], COUNT
    )
    assert frame.loc[frame["model"] == "record", "response"].isna().sum() == 1
    assert frame.loc[frame["model"] == "other", "response"].isna().sum() == 3
    assert set(frame.loc[frame["is_judges_own"], "model"]) == {"teacher"}
    completions = compared["comparison_completions"].load()
    TeacherCompletions.validate(completions)
    assert frame["requests"].sum() == completions["request_id"].nunique()
    assert frame["price_usd"].sum() == pytest.approx(completions["price_usd"].sum())
    # What a frame holds survives its file.
    stored = FrameDataset(filepath=str(tmp_path / "compared.parquet"))
    stored.save(frame)
    ComparedResponses.validate(stored.load())


def test_each_answer_stands_in_each_place_once_and_its_score_is_the_mean(compared) -> None:
    frame = compared["compared_responses"].load()
    read = frame[frame["joint_score"].notna()]
    assert len(read) > 30
    for record_id, rows in read.groupby("record_id"):
        shown = frame.loc[(frame["record_id"] == record_id), "response"].dropna().nunique()
        for scores, places, mean in zip(
            rows["joint_scores"], rows["joint_places"], rows["joint_score"], strict=True
        ):
            assert sorted(places) == list(range(1, shown + 1))
            assert mean == sum(scores) / len(scores)
        by_text = rows.groupby("response")["joint_score"].nunique()
        assert (by_text == 1).all()
    assert not place_effects(frame, seed=0).empty


def test_ties_are_kept_and_the_reward_model_makes_the_same_pairs(compared) -> None:
    pairs = compared["comparison_pairs"].load()
    ComparisonPairs.validate(pairs)
    ratings = compared["compared_ratings"].load()
    RatedResponses.validate(ratings)
    trained, decisions = build_preference_pairs(
        ratings, test_records={"0" * 16}, preference="rating", min_margin=0, max_pairs=10**6, seed=1
    )
    decided = pairs[~pairs["tie"]].set_index("pair_id")
    assert set(trained["pair_id"]) == set(decided.index)
    assert len(decisions) == len(pairs) and (decisions["reason"] == "tie").sum() == pairs["tie"].sum()
    same = ["chosen", "rejected", "margin"]
    in_order = trained.set_index("pair_id").sort_index()
    assert in_order[same].equals(decided.sort_index()[same]) and (in_order["margin"] > 0).all()


def test_ingestion_reads_both_sources_back(compared, tmp_path) -> None:
    pairs = compared["comparison_pairs"].load().set_index("pair_id")
    read = {}
    for name in ("comparison_votes", "comparison_preferences"):
        JSONLinesDataset(filepath=str(tmp_path / f"{name}.jsonl")).save(compared[name].load())
        records, rejected = read_files(list_raw_files(tmp_path / f"{name}.jsonl"), ReadingRules())
        assert [row.reason for row in rejected if row.reason != "empty_answer"] == []
        read[name] = {record.original_id: record for record in records}
    votes = compared["comparison_votes"].load().set_index("id")
    assert {record.format for record in read["comparison_votes"].values()} == {"response_votes"}
    for pair_id, record in read["comparison_votes"].items():
        pair, seen = pairs.loc[pair_id], record.comparison
        assert seen is not None and seen.verdict is not None
        assert (seen.verdict == "tie") == bool(pair["tie"])
        assert sorted((seen.first_score, seen.second_score)) == sorted(votes.loc[pair_id, "scores"])
        if not pair["tie"]:
            assert record.answer == pair["chosen"].strip()
    assert {len(record.messages) for record in read["comparison_preferences"].values()} == {2, 4}
    assert set(read["comparison_preferences"]) <= set(pairs.index[~pairs["tie"]])
    places = [record.comparison.verdict for record in read["comparison_votes"].values()]
    assert {"first", "second"} <= set(places)


def test_the_report_states_saturation_ties_places_and_self_preference(compared) -> None:
    metrics, report = compared["comparison_metrics"].load(), compared["comparison_report"].load()
    frame = compared["compared_responses"].load()
    scored = frame["score"].dropna()
    assert metrics["saturation_rate"] == pytest.approx((scored >= 9).mean())
    assert metrics["tie_rate"] == pytest.approx(compared["comparison_pairs"].load()["tie"].mean())
    assert {"first_minus_last_place", "self_preference", "order_consistency_rate"} <= metrics.keys()
    assert f"{100 * metrics['tie_rate']:.1f}%" in report and "| teacher |" in report
    figure = compared["comparison_figure"].load()
    assert [trace.type for trace in figure.data[:4]] == ["bar"] * 4
    assert sum(sum(trace.customdata) for trace in figure.data[:4]) == len(scored)


def test_a_second_run_sends_nothing_and_the_bill_knows_all(
    compared, teacher, folder, tmp_path, caplog
) -> None:
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    given = {
        name: compared[name].load()
        for name in ("selected_queries", "base_model", "champion_model", "params:comparison_data")
    }
    caplog.set_level("INFO", "instruction_tuning")
    again = run_in_memory(create_pipeline(), {**given, "params:teacher": nowhere})
    who = f"teacher ({teacher.model}), base_model ({given['base_model'].digest}), record (record), other ("
    assert f"{COUNT} queries for: {who}" in caplog.text
    pd.testing.assert_frame_equal(again["compared_responses"].load(), compared["compared_responses"].load())
    stored = FrameDataset(filepath=str(tmp_path / "comparison_completions.parquet"))
    stored.save(compared["comparison_completions"].load())
    catalog = DataCatalog(
        {
            "comparison_completions": stored,
            "params:teacher": Kept(teacher),
            "params:comparison_data": Kept(given["params:comparison_data"]),
        }
    )
    bill = bill_of_run(create_pipeline(), catalog, session="another")
    assert bill is not None and bill.sent == 0 and bill.unknown == 0


def test_what_cannot_answer_is_said_before_anybody_is_asked(folder, compared) -> None:
    nowhere = Endpoint(base_url="http://127.0.0.1:9/v1", model="none")
    given = {
        "selected_queries": queries(),
        "params:teacher": nowhere,
        "base_model": compared["base_model"].load(),
        "champion_model": None,
    }
    for source, error, named in (
        ({"source": "champion"}, ConfigurationError, "no model is champion"),
        ({"source": "file", "path": folder / "strange.jsonl"}, InputError, "no row of the file"),
    ):
        (folder / "strange.jsonl").write_text('{"instruction": "Why?", "input": "", "output": "So."}\n')
        models = {"teacher": {"source": "teacher"}, "mine": source}
        with pytest.raises(error, match=named):
            run_in_memory(
                create_pipeline(), {**given, "params:comparison_data": parameters(folder, models=models)}
            )
    with pytest.raises(ValueError, match="takes path"):
        parameters(folder, models={"a": {"source": "folder"}, "b": {"source": "teacher"}})
    with pytest.raises(ValueError, match="not among ways"):
        parameters(folder, rating__score_from="alone")


def test_one_name_at_two_servers_is_refused_before_anybody_is_asked(compared, tmp_path) -> None:
    with ChatServer() as one, ChatServer() as two:
        other = {"source": "endpoint", "endpoint": {"base_url": two.base_url, "model": "default"}}
        given = parameters(tmp_path, models={"record": {"source": "record"}, "other": other})
        inputs = {
            "selected_queries": queries(),
            "params:teacher": Endpoint(base_url=one.base_url, model="default"),
            "base_model": compared["base_model"].load(),
            "champion_model": None,
            "params:comparison_data": given,
        }
        with pytest.raises(ConfigurationError) as caught:
            run_in_memory(create_pipeline(), inputs)
        assert not one.requests and not two.requests
    for named in (one.base_url, two.base_url, "comparison_data.models.other.model", "'default'"):
        assert named in str(caught.value)


def test_a_judge_that_names_no_numbers_stops_the_run(compared, tmp_path) -> None:
    answers, none = compared["compared_answers"].load(), compared["compared_answer_completions"].load()
    with ChatServer() as server:
        server.text = lambda body, index: "All of them are fine."
        judge = Endpoint(base_url=server.base_url, model=MODEL)
        for way in ("alone", "joint"):
            given = parameters(tmp_path, rating__ways=(way,), rating__score_from=way, models=TWO)
            with pytest.raises(FailureRateError, match="rating from 1 to 10"):
                rate_compared_answers(answers, none, judge, given)
        assert len(server.requests) <= 2 * TRIAL_RATINGS, "the rest is not paid for"
