"""The lines that a run without a report ends with."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.io import MemoryDataset, Version
from reporting_builders import pool, rejected

from instruction_tuning.cli.result import model_lines, result_lines
from instruction_tuning.datasets.atomic import JSONDataset, TextDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.training.training_record import write_training_record


def register(model: Path, *aliases: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    if not client.search_registered_models("name='sft-model'"):
        client.create_registered_model("sft-model")
    tags = {"model_digest": open_model_folder(model).digest}
    version = client.create_model_version("sft-model", source=model.as_uri(), tags=tags)
    for alias in aliases:
        client.set_registered_model_alias("sft-model", alias, version.version)


@pytest.mark.usefixtures("mlflow_store")
def test_a_fine_tuning_ends_with_its_folder_its_version_and_the_next_command(
    tiny_model_path, tmp_path, monkeypatch
):
    monkeypatch.chdir(tiny_model_path.parent)
    outputs = {"sft_model": ModelFolderDataset(filepath=str(tiny_model_path)), "rejected_records": None}
    text = "\n".join(result_lines(outputs, {}))
    assert text.startswith(f"Fine-tuned model: {tiny_model_path.name}, not registered")
    assert f"--params=candidate={tiny_model_path.name}" in text
    register(tiny_model_path, "challenger")
    text = "\n".join(result_lines(outputs, {}))
    assert f"{tiny_model_path.name}, registered as models:/sft-model/1 (alias challenger)\n" in text
    assert "kedro run --pipeline=evaluation --params=candidate=models:/sft-model/1" in text


@pytest.mark.usefixtures("mlflow_store")
def test_a_fine_tuning_ends_with_what_it_measured(tiny_model_path, tmp_path):
    model = open_model_folder(shutil.copytree(tiny_model_path, tmp_path / "model"))
    outputs = {"sft_model": ModelFolderDataset(filepath=str(model.path))}
    assert "held-out" not in "\n".join(result_lines(outputs, {}))
    metrics = {"heldout_loss_before": 3.25, "heldout_loss_after": 2.5, "tokens_per_byte": 0.41}
    write_training_record(model, pd.DataFrame({"step": [1]}), metrics | {"truncated_share": 0.125})
    lines = list(result_lines(outputs, {}))
    assert lines[1:3] == [
        "  loss on held-out answers: 3.250 before, 2.500 after, in nats a token",
        "  0.410 tokens a byte; 12.5% of the chats truncated at sft.max_length",
    ]


@pytest.mark.usefixtures("mlflow_store")
def test_a_version_is_named_with_both_of_its_aliases(tiny_model_path):
    register(tiny_model_path, "challenger", "champion")
    (line,) = model_lines({"sft_model": ModelFolderDataset(filepath=str(tiny_model_path))})
    assert line.endswith("registered as models:/sft-model/1 (alias challenger, champion)")


@pytest.mark.usefixtures("mlflow_store")
def test_a_version_that_has_lost_its_aliases_to_a_newer_one_is_registered_all_the_same(
    tiny_model_path, tmp_path
):
    other = Path(shutil.copytree(tiny_model_path, tmp_path / "other"))
    other.joinpath("config.json").write_text(other.joinpath("config.json").read_text() + "\n")
    register(tiny_model_path, "challenger", "champion")
    register(other, "challenger", "champion")
    outputs = {"sft_model": ModelFolderDataset(filepath=str(tiny_model_path))}
    text = "\n".join(result_lines(outputs, {}))
    assert "registered as models:/sft-model/1\n" in text
    assert "--params=candidate=models:/sft-model/1\n" in text
    dataset = JSONDataset(filepath=str(tmp_path / "verdict.json"))
    digest = open_model_folder(tiny_model_path).digest
    dataset.save({"verdict": "fail", "reasons": [], "incumbent": "base", "candidate_digest": digest})
    assert next(result_lines({"promotion_verdict": dataset}, {})).startswith(
        "Verdict on models:/sft-model/1 "
    )


def test_a_result_is_told_where_the_registry_cannot_be_asked_any_more(tiny_model_path, monkeypatch, caplog):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    (line,) = model_lines({"sft_model": ModelFolderDataset(filepath=str(tiny_model_path))})
    assert line.startswith("Fine-tuned model: ")
    assert "no MLflow server answers" in caplog.text


@pytest.mark.usefixtures("mlflow_store")
def test_an_evaluation_ends_with_the_verdict_and_its_reasons(tiny_model_path, tmp_path):
    register(tiny_model_path, "champion")
    verdict: dict[str, Any] = {
        "verdict": "fail",
        "reasons": ["keeps documents: failed: 5 points lost"],
        "incumbent": "base",
        "candidate_digest": open_model_folder(tiny_model_path).digest,
        "evidence": {"metrics": [{"ability": name} for name in ("math", "code", "macro", "math")]},
    }
    dataset = JSONDataset(filepath=str(tmp_path / "verdict.json"))
    dataset.save(verdict)
    lines = list(result_lines({"promotion_verdict": dataset}, {}))
    assert lines[:3] == [
        "Verdict on models:/sft-model/1 against the base: fail",
        "  keeps documents: failed: 5 points lost",
        "  It was measured on benchmark_items (code, math) and says nothing of other tasks.",
    ]
    assert lines[-1].startswith("Next: ")


def stored(folder, **frames):
    found = {name: FrameDataset(filepath=str(folder / f"{name}.parquet")) for name in frames}
    for name, frame in frames.items():
        found[name].save(frame)
    return found


def test_a_run_without_a_report_tells_what_came_in_and_what_was_dropped(tmp_path):
    records = pool()
    reasons = pd.DataFrame({"record_id": ["a", "b"], "reason": ["unrated", "check_failed"]})
    made = stored(
        tmp_path,
        instruction_pool=records,
        rejected_records=rejected(),
        verified_examples=records.head(8)[["record_id"]],
        rejected_answers=reasons,
    )
    assert list(result_lines({}, made)) == [
        "Records",
        "  46 rows came in (alpaca 23, belle 23).",
        "  40 are in the pool; 6 were dropped:",
        "    stage: reason                   rows  share",
        "    near_duplicate: similar_prompt     3   6.5%",
        "    validate: empty_answer             2   4.3%",
        "    read: invalid_json                 1   2.2%",
        "Answers",
        "  8 queries have an answer to train on, 2 have none (check_failed 1, unrated 1).",
    ]
    records_alone = {name: made[name] for name in ("instruction_pool", "rejected_records")}
    assert len(list(result_lines({}, records_alone))) == 7


def test_a_run_that_dropped_nothing_says_so(tmp_path):
    made = stored(tmp_path, instruction_pool=pool(), rejected_records=rejected().head(0))
    assert list(result_lines({}, made))[1:] == [
        "  40 rows came in (alpaca 20, belle 20).",
        "  40 are in the pool; none was dropped.",
    ]


def marked(folder, name, version="2026-01-01T00.00.00.000Z", **result):
    """A versioned data set that the catalog marks, JSON lines or Parquet by its name."""
    kind = JSONLinesDataset if name.endswith(".jsonl") else FrameDataset
    given = {"version": Version(None, version), "metadata": {"result": result}}
    return kind(filepath=str(folder / "data" / name), **given)


def test_a_run_ends_with_the_place_of_its_results_and_the_command_that_takes_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = "kedro run --pipeline=sft --params=data={path}"
    outputs = {
        "new_instructions": marked(tmp_path, "new.jsonl", next=command),
        "arena_ranking": marked(tmp_path, "ranking.parquet"),
        "arena_table": TextDataset(filepath=str(tmp_path / "table.md"), metadata={"result": {}}),
        "synthesis_figure": FrameDataset(filepath=str(tmp_path / "unmarked.parquet")),
        "in_memory": MemoryDataset(1),
    }
    for name in ("new_instructions", "arena_ranking"):
        outputs[name].save(pd.DataFrame({"id": ["a", "b"]}))
    outputs["arena_table"].save("# Ranking")
    assert list(result_lines(outputs, {})) == [
        "arena_ranking: data/ranking.parquet/2026-01-01T00.00.00.000Z/ranking.parquet (2 rows)",
        "arena_table: table.md",
        "new_instructions: data/new.jsonl/2026-01-01T00.00.00.000Z/new.jsonl (2 rows)",
        "  next: kedro run --pipeline=sft --params=data=data/new.jsonl",
    ]


def test_the_next_command_names_the_version_where_a_run_took_an_older_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    older = marked(tmp_path, "new.jsonl", next="kedro run --params=data={path}")
    older.save(pd.DataFrame({"id": ["a"]}))
    taken = JSONLinesDataset(
        filepath=str(older._filepath),
        version=Version("2026-01-01T00.00.00.000Z", None),
        metadata=older.metadata,
    )
    assert list(result_lines({"new": taken}, {}))[1] == "  next: kedro run --params=data=data/new.jsonl"
    marked(tmp_path, "new.jsonl", "2026-01-02T00.00.00.000Z").save(pd.DataFrame({"id": []}))
    place = "data/new.jsonl/2026-01-01T00.00.00.000Z/new.jsonl"
    assert list(result_lines({"new": taken}, {})) == [
        f"new: {place} (1 row)",
        f"  next: kedro run --params=data={place}",
    ]


def test_a_result_without_rows_tells_why_and_that_the_earlier_one_is_there(tmp_path):
    source = marked(tmp_path, "new.jsonl", next="kedro run", reasons="written.drop_reason")
    source.save(pd.DataFrame({"id": []}))
    reasons = [None, *["too_short"] * 2, *["too_similar"] * 4, *"abcd"]
    made = stored(tmp_path, written=pd.DataFrame({"drop_reason": pd.array(reasons, dtype="str")}))
    (place, told) = result_lines({"new_instructions": source}, made)
    assert place.endswith("new.jsonl (0 rows)")
    listed = "too_similar 4, too_short 2, a 1, b 1, c 1 and 1 more reason"
    assert told == f"  nothing was kept: {listed} (every row is in written)"
    later = marked(
        tmp_path, "new.jsonl", "2026-01-02T00.00.00.000Z", next="kedro run", reasons="written.drop_reason"
    )
    later.save(pd.DataFrame({"id": []}))
    assert list(result_lines({"new_instructions": later}, made))[1].endswith("earlier versions lie beside it")


def test_a_run_that_read_no_records_tells_nothing_of_them():
    assert list(result_lines({"instruction_pool": None}, {"rejected_records": None})) == []
