"""`kedro explain` and `kedro prune` on a finished run, against its frames and its raw files."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from annotation_builders import a_task
from mlflow import MlflowClient
from warm_processes import run_kedro

from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.prompts import files
from instruction_tuning.prompts.files import prompt_of_file

pytestmark = pytest.mark.slow
PROMPTS = list(Path(files.__file__).parent.glob("*.txt"))
MODEL = "models:/sft-model/1"
OLDER = "2020-01-01T00.00.00.000Z"


def kedro(run: Any, *words: str) -> "subprocess.CompletedProcess[str]":
    return run_kedro(*words, cwd=run.project, env=run.environment)


def explained(run: Any, *words: str, code: int = 0) -> dict[str, Any]:
    done = kedro(run, "explain", *words, "--json")
    assert done.returncode == code, done.stderr[-2000:]
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))


def frame(run: Any, name: str) -> pd.DataFrame:
    (file,) = (run.project / "data").glob(f"0*/{name}.parquet/*/{name}.parquet")
    return pd.read_parquet(file)


def test_a_record_that_was_trained_on_is_followed_from_its_row_to_the_model(finished_run: Any) -> None:
    mixture = frame(finished_run, "sft_mixture")
    chat = mixture[mixture["kind"] == "chat"].iloc[0]
    told = explained(finished_run, str(chat["example_id"]))
    record_id = chat["parent_ids"][0]
    decision = frame(finished_run, "selection_decisions").set_index("record_id").loc[record_id]
    calls = frame(finished_run, "teacher_completions")
    calls = calls[calls["record_id"] == record_id]
    assert told["record_id"] == record_id and told["fate"]["decision"] == "in the pool"
    assert told["selection"]["rank"] == decision["rank"]
    assert told["teacher"]["price_usd"] == pytest.approx(calls["price_usd"].sum())
    assert told["teacher"]["requests"] == calls["request_id"].nunique()
    assert [answer["response_id"] for answer in told["answers"]] == [chat["parent_ids"][1]]
    example = {"part": "training", "example_id": chat["example_id"]}
    fate = {"parent_ids": list(chat["parent_ids"]), "decision": "trained", "reason": None}
    assert told["mixture"] == [example | fate]
    assert {model["model"]: model["parts"][0] for model in told["models"]}[MODEL] == "trained on"
    assert told["by_time"] == [] and set(told["not_available"]) == set()
    assert [model["not_known"] for model in told["models"]] == [[]] * len(told["models"])


def test_an_answer_names_the_prompts_it_was_asked_and_rated_by_and_mlflow_has_their_texts(
    finished_run: Any, tmp_path: Path
) -> None:
    digests = {file.stem: prompt_of_file(file.stem).digest for file in PROMPTS}
    record = str(frame(finished_run, "verified_examples")["record_id"].iloc[0])
    made = explained(finished_run, "teacher_completions")
    assert made["node"] == "answer_generation.rate_answers" and made["rows"] > 0
    for told in (explained(finished_run, record)["teacher"], explained(finished_run, MODEL), made):
        found = {one["name"]: one["digest"] for one in told["prompts"] if "answer" in one["node"]}
        assert found["rating"] == digests["rating"]
        assert found.items() <= digests.items()
    client = MlflowClient(finished_run.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("instruction-tuning-test").experiment_id
    runs = client.search_runs([experiment], "tags.`prompt.rating` != ''")
    (run,) = (run for run in runs if "nodes.reused" in run.data.tags)
    assert run.data.tags["prompt.rating"] == digests["rating"]
    kept = client.download_artifacts(
        run.info.run_id, f"prompts/rating.{digests['rating']}.txt", str(tmp_path)
    )
    assert Path(kept).read_text("utf-8").strip() == prompt_of_file("rating").text


def test_every_pair_of_a_records_answers_is_told_with_what_became_of_it(finished_run: Any) -> None:
    decisions = frame(finished_run, "pair_decisions")
    left_out = decisions[decisions["decision"] == "left_out"].iloc[0]
    told = explained(finished_run, str(left_out["record_id"]))
    of_record = decisions[decisions["record_id"] == left_out["record_id"]]
    fates = {pair["pair_id"]: pair["decision"] for pair in told["reward"]["pairs"]}
    assert fates == dict(zip(of_record["pair_id"], of_record["decision"], strict=True))


@pytest.mark.parametrize("stage", ["exact_duplicate", "near_duplicate", "contaminated", "validate", "read"])
def test_a_rejected_row_says_what_it_was_and_what_it_met(finished_run: Any, stage: str) -> None:
    rejected = frame(finished_run, "rejected_records")
    row = rejected[rejected["stage"] == stage].iloc[0]
    told = explained(finished_run, str(row["source_row_id"]))
    stages = {one["source_row_id"]: one["stage"] for one in told["source"]}
    if stage in ("validate", "read"):
        assert told["record_id"] is None and told["fate"]["raw"] == row["raw"]
    else:
        assert stages[row["source_row_id"]] == stage
    if stage in ("near_duplicate", "contaminated"):
        assert told["fate"]["collides_with"] == row["collides_with"]


def test_an_unselected_record_says_how_near_it_was(finished_run: Any) -> None:
    decisions = frame(finished_run, "selection_decisions")
    left = decisions[decisions["decision"] == "not_selected"].iloc[0]
    told = explained(finished_run, str(left["record_id"]))
    assert told["selection"]["decision"] == "not_selected"
    assert told["selection"]["nearest_selected"] == left["nearest_selected"]
    assert told["selection"]["selection_score"] == pytest.approx(left["selection_score"])


def test_what_a_person_did_with_an_answer_is_told_before_it_is_collected(
    finished_run: Any, tmp_path: Path
) -> None:
    project = tmp_path / "copy"
    shutil.copytree(finished_run.project, project, symlinks=True)
    record = str(frame(finished_run, "verified_examples")["record_id"].iloc[0])
    task = a_task("review", record_id=record, before_id=f"{record}-00")
    said = {"verdict": "accept", "mark": 9, "reason": ""}
    with AnnotationStore(project / "data/01_raw/annotations.sqlite") as store:
        store.list_tasks([task])
        Desk(store).save({"who": "Ann", "task_id": task.task_id, "event_key": "of this test", "value": said})
    (told,) = explained(replace(finished_run, project=project), record)["annotations"]
    assert (told["kind"], told["who"], told["value"], told["outcome"]) == ("review", "Ann", said, None)


def test_a_model_names_its_data_with_digests_rows_and_parameters(finished_run: Any) -> None:
    told = explained(finished_run, MODEL)
    rows = {row["name"]: row for row in told["data"]}
    mixture = frame(finished_run, "sft_mixture")
    assert rows["sft_mixture"]["rows"] == len(mixture) and not rows["sft_mixture"]["deleted"]
    assert told["parts"]["trained on"] == (mixture["kind"] == "chat").sum()
    assert sum(told["counts"]["source"].values()) == told["parts"]["trained on"]
    assert told["parameters"]["sft.learning_rate"]
    nodes = [node["node"] for node in told["nodes"]]
    assert {"ingestion.read_raw_records", "sft.fine_tune_base_model"} <= set(nodes)
    files = list_raw_files(finished_run.project / "data/01_raw/microworld/pool")
    assert {file["sha256"] for file in told["raw_files"]} == {file.sha256 for file in files}


def words_of(prompt: str) -> str:
    return re.sub(r"[\s.!?。！？]+", "", prompt).casefold()


def test_the_rows_to_take_down_are_those_that_a_look_at_the_raw_files_finds(finished_run: Any) -> None:
    """By the texts alone: rows whose whole text, or whose record, a trained example's record has."""
    told = explained(finished_run, MODEL, "--source", "sharegpt.jsonl")
    files = list_raw_files(finished_run.project / "data/01_raw/microworld/pool")
    (file,) = (file for file in files if file.source == "sharegpt")
    every, _ = read_files(files, ReadingRules())
    records = [one for one in every if one.source == "sharegpt"]
    mixture = frame(finished_run, "sft_mixture")
    trained = {parents[0] for parents in mixture.loc[mixture["kind"] == "chat", "parent_ids"]}
    texts = {one.record_id: one.messages for one in every}
    exact = {one.source_row_id for one in records if one.record_id in trained}
    asked = {
        (str(texts[name][:-2]), words_of(texts[name][-2]["content"])) for name in trained if name in texts
    }
    found = [row for row in told["rows"] if row["part"] == "trained on"]
    assert {row["source_row_id"] for row in found if row["through"] != "near duplicate"} == exact
    same_words = {
        one.source_row_id
        for one in records
        if (str(one.messages[:-2]), words_of(one.messages[-2]["content"])) in asked
    }
    assert {row["source_row_id"] for row in found} >= same_words
    assert all(row["source_row_id"].startswith(file.sha256[:12]) for row in found)
    assert "models:/reward-model/1" in told["others"]


def test_a_record_is_explained_without_torch_transformers_and_mlflow(finished_run: Any) -> None:
    record = frame(finished_run, "instruction_pool")["record_id"].iloc[0]
    code = (
        "import sys; from kedro.framework.cli import main\n"
        f"sys.argv = ['kedro', 'explain', '{record}']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('torch', 'transformers', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=finished_run.project, env=finished_run.environment,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.rstrip().endswith("[]"), done.stdout[-500:] + done.stderr[-2000:]


def test_of_a_finished_run_only_a_version_that_nothing_needs_is_pruned(
    finished_run: Any, tmp_path: Path
) -> None:
    """The run's own versions are all needed; an older report, put beside, is the one that may go."""
    project = tmp_path / "copy"
    shutil.copytree(finished_run.project, project, symlinks=True)
    copied = replace(finished_run, project=project)
    reports = project / "data/08_reporting/run_report.md"
    (newest,) = reports.iterdir()
    shutil.copytree(newest, reports / OLDER)
    kept = sorted(file for file in (project / "data").rglob("*") if OLDER not in file.parts)

    told = pruned(copied)
    assert [(row["name"], row["version"]) for row in told["removable"]] == [("run_report", OLDER)]
    assert told["removable"][0]["bytes"] == (newest / "run_report.md").stat().st_size
    assert told["records"] == [] and (reports / OLDER).is_dir()

    assert pruned(copied, "--delete")["removable"] == told["removable"]
    assert [folder.name for folder in reports.iterdir()] == [newest.name]
    assert all(file.exists() for file in kept)
    assert pruned(copied)["removable"] == []


def test_without_the_registry_nothing_behind_its_models_is_deleted(finished_run: Any, tmp_path: Path) -> None:
    project = tmp_path / "clone"
    shutil.copytree(finished_run.project, project, symlinks=True)
    reports = project / "data/08_reporting/run_report.md"
    (newest,) = reports.iterdir()
    shutil.copytree(newest, reports / OLDER)
    store = {"MLFLOW_TRACKING_URI": f"sqlite:///{project / 'another.db'}"}
    clone = replace(finished_run, project=project, environment=finished_run.environment | store)
    assert {row["name"] for row in pruned(clone)["unregistered"]} == {"sft_model", "reward_model"}
    refused = kedro(clone, "prune", "--delete")
    assert refused.returncode == 1 and "has never heard of" in refused.stderr + refused.stdout
    assert (reports / OLDER).is_dir()
    assert pruned(finished_run)["unregistered"] == []
    pruned(clone, "--delete", "--unregistered")
    assert not (reports / OLDER).exists()


def test_the_same_weights_made_once_more_are_known_to_the_registry(finished_run: Any, tmp_path: Path) -> None:
    """A forced run publishes them under its own time, and they get no second version."""
    project = tmp_path / "copy"
    shutil.copytree(finished_run.project, project, symlinks=True)
    store = f"sqlite:///{project / 'mlflow.db'}"
    environment = finished_run.environment | {"MLFLOW_TRACKING_URI": store}
    copied = replace(finished_run, project=project, environment=environment)
    done = kedro(copied, "run", "--env=test", "--force", "--namespaces=sft")
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((project / "data/06_models/sft_model").iterdir())) == 2
    assert pruned(copied)["unregistered"] == []


def pruned(run: Any, *words: str) -> dict[str, Any]:
    done = kedro(run, "prune", "--json", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))
