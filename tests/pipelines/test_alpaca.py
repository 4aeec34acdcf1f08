"""Environment `alpaca`: records with answers of their own, from the file to the registered model."""

import json
import re
from pathlib import Path

import pytest
from small_run import copy_project
from warm_processes import run_kedro

ROWS = 60
PARAMETERS = (
    "query_selection.budget=20,sft.num_train_epochs=6,sft.max_length=128,sft.validation_minimum=4,"
    "sft.logging_steps=1"
)
NOUNS = ("lamp", "river", "ticket", "garden", "window", "bread")
VERBS = ("Describe", "Praise", "Explain", "Compare", "Sell", "Draw", "Paint", "Carry", "Forget", "Find")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("alpaca") / "own.json"
    rows = [
        {"instruction": f"{verb} the {noun}.", "input": "", "output": f"So I {verb.lower()} a {noun}. " * 3}
        for verb in VERBS
        for noun in NOUNS
    ]
    assert len(rows) == ROWS
    # More than the 128 tokens that are trained on.
    rows[0]["output"] = "A lamp stands here and gives light. " * 40
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


@pytest.mark.slow
def test_own_answers_become_a_registered_model_without_a_teacher_and_the_end_says_how_it_went(
    records: Path, project_path: Path, empty_mlflow_store: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    environment = copy_project(project_path, project, empty_mlflow_store)
    options = ["--env=alpaca", "--pipeline=sft", f"--params=data={records},{PARAMETERS}"]
    done = run_kedro("run", *options, cwd=project, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "listens on" not in done.stdout + done.stderr
    assert not (project / "data/.work/completions.sqlite").exists()

    assert "Records\n  60 rows came in (own 60).\n" in done.stdout and "are in the pool; " in done.stdout
    assert "  20 queries have an answer to train on, 0 have none.\n" in done.stdout
    assert "registered as models:/sft-model/1 (alias challenger)" in done.stdout
    losses = re.search(r"loss on held-out answers: (\S+) before, (\S+) after", done.stdout)
    assert losses is not None and float(losses[2]) < float(losses[1])
    figures = re.search(r"(\S+) tokens a byte; (\S+)% of the chats truncated", done.stdout)
    assert figures is not None and 0 < float(figures[1]) < 2 and float(figures[2]) >= 0

    (folder,) = (project / "data/06_models/sft_model").glob("*/sft_model")
    facts = json.loads((folder / "training_data.json").read_text(encoding="utf-8"))
    assert (facts["selected_queries"], facts["documents"]) == (20, 0)
    assert facts["examples"] + len(facts["held_out_records"]) == 20
