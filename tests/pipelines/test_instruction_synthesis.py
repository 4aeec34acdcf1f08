"""The pipeline `instruction_synthesis` with the microworld's teacher behind real HTTP."""

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog
from memory_catalog import run_in_memory
from raw_file_builders import read
from synthesis_builders import request_parameters

from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipeline_registry import SELF_INSTRUCT_ROUNDS, register_pipelines
from instruction_tuning.pipelines.instruction_synthesis.parameters import InstructionSynthesisParameters
from instruction_tuning.schemas.synthesised_instructions import SynthesisedInstructions
from instruction_tuning.schemas.teacher_completions import TeacherCompletions
from instruction_tuning.schemas.textbook_sections import TextbookSections

PIPELINE = "instruction_synthesis"


@pytest.fixture(scope="module")
def parameters(
    project_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> InstructionSynthesisParameters:
    """As they are in conf/base, but few of everything."""
    file = project_path / f"conf/base/parameters_{PIPELINE}.yml"
    text = file.read_text(encoding="utf-8").replace("${globals:seed}", "7")
    values = yaml.safe_load(text)[PIPELINE]
    values["self_instruct"] |= {"target": 24, "requests_per_round": 6}
    values["unnatural"] |= {"requests": 6, "paraphrases": 1}
    values["textbook"] |= {"topics": ["math"], "exercises": 3}
    values["requests"] = request_parameters(tmp_path_factory.mktemp("store"))
    return InstructionSynthesisParameters(**values)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory):
    server = TeacherServer.start(0, tmp_path_factory.mktemp("teacher") / "log")
    prices = {"price_per_million_input_tokens": 1.0, "price_per_million_output_tokens": 1.0}
    yield Endpoint(base_url=server.base_url, model=server.model, **prices)
    server.stop()


def run(project_path: Path, teacher: Endpoint, parameters: InstructionSynthesisParameters) -> DataCatalog:
    """The catalog after the pipeline, all in memory."""
    pipeline = register_pipelines()[PIPELINE]
    seeds = JSONLinesDataset(filepath=str(project_path / "data/01_raw/microworld/seed_tasks.jsonl")).load()
    given = {"seed_tasks": seeds, "params:teacher": teacher, f"params:{PIPELINE}": parameters}
    return run_in_memory(pipeline, given)


@pytest.fixture(scope="module")
def finished(project_path: Path, teacher, parameters) -> DataCatalog:
    return run(project_path, teacher, parameters)


def test_rounds_stand_on_each_other_and_keep_what_was_dropped(finished: DataCatalog, parameters) -> None:
    rounds = [finished[f"self_instruct_rows_{n}"].load() for n in range(SELF_INSTRUCT_ROUNDS + 1)]
    for number, (before, after) in enumerate(pairwise(rounds), start=1):
        pd.testing.assert_frame_equal(after.head(len(before)), before)
        assert set(after["round"].iloc[len(before) :]) <= {number}
    last = rounds[-1]
    kept = last[(last["status"] == "kept") & (last["method"] == "self_instruct")]
    assert 12 <= kept["instruction"].nunique() <= parameters.self_instruct.target
    assert set(kept["language"]) == {"en", "zh"} and kept["is_classification"].nunique() == 2
    reasons = set(last["drop_reason"].dropna())
    assert "too_similar" in reasons and len(reasons) >= 3


def test_all_that_was_written_is_in_the_output_with_its_parents(finished: DataCatalog) -> None:
    rows = finished["synthesised_instructions"].load()
    SynthesisedInstructions.validate(rows)
    sections = finished["textbook_sections"].load()
    TextbookSections.validate(sections)
    assert {"self_instruct", "unnatural", "textbook"} <= set(rows["method"])
    known = {*finished["seed_tasks"].load()["id"], *rows["record_id"], *sections["section_id"]}
    assert {parent for parents in rows["parent_ids"] for parent in parents} <= known
    assert (
        rows["nearest_task_id"].dropna().isin({*finished["seed_tasks"].load()["id"], *rows["task_id"]}).all()
    )
    figure = finished["synthesis_figure"].load()
    assert sum(int(sum(trace.x)) for trace in figure.data) == len(rows)


def test_the_kept_ones_are_read_as_raw_records(finished: DataCatalog, tmp_path: Path) -> None:
    file = tmp_path / "new_instructions.jsonl"
    JSONLinesDataset(filepath=str(file)).save(finished["new_instructions"].load())
    rows = finished["synthesised_instructions"].load()
    kept = rows[rows["status"] == "kept"].drop_duplicates(["instruction", "input"])
    assert finished["new_instructions"].load()["id"].tolist() == kept["record_id"].tolist()
    records, rejected = read(file)
    assert not rejected and len(records) == len(kept)
    read_back = [(record.original_id, record.answer, record.language) for record in records]
    assert read_back == list(zip(kept["record_id"], kept["output"], kept["language"], strict=True))


def test_every_request_is_a_row_and_a_second_run_sends_none(
    finished: DataCatalog, project_path: Path, teacher, parameters
) -> None:
    TeacherCompletions.validate(finished["synthesis_completions"].load())
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    again = run(project_path, nowhere, parameters)
    for name in ("synthesised_instructions", "synthesis_completions"):
        pd.testing.assert_frame_equal(again[name].load(), finished[name].load())


def test_the_budget_holds_for_all_rounds_together(
    project_path, teacher, parameters, tmp_path, finished
) -> None:
    spent = float(finished["synthesis_completions"].load()["price_usd"].sum())
    tight = parameters.model_copy(update={"requests": request_parameters(tmp_path, budget_usd=0.6 * spent)})
    with pytest.raises(BudgetExceededError):
        run(project_path, teacher, tight)


def test_what_is_not_asked_for_costs_nothing(project_path: Path, teacher, parameters, caplog) -> None:
    caplog.set_level("INFO", "instruction_tuning")
    nothing = parameters.model_copy(update={"methods": ()})
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    catalog = run(project_path, nowhere, nothing)
    assert not nothing.asks_teacher and catalog["synthesised_instructions"].load().empty
    SynthesisedInstructions.validate(catalog["synthesised_instructions"].load())
    # Nothing is said of it either.
    assert not [line for line in caplog.messages if "dropped: " in line or "wash out" in line]


def test_a_run_that_writes_a_textbook_says_once_what_it_does_to_other_abilities(
    project_path: Path, teacher, parameters, finished, caplog
) -> None:
    caplog.set_level("INFO", "instruction_tuning")
    run(project_path, teacher, parameters)
    assert len([line for line in caplog.messages if "other abilities wash out" in line]) == 1


def test_a_plain_writer_knows_self_instruct_alone(parameters) -> None:
    values = parameters.model_dump() | {"writer": "plain"}
    with pytest.raises(ValueError, match="self_instruct alone"):
        InstructionSynthesisParameters(**values)
