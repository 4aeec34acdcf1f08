"""The whole loop on four segments: models that train and judge, and a teacher over HTTP in their place."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from backtranslation_builders import parameters, pool, roomy_base, segments
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from memory_catalog import run_in_memory
from training_builders import replay_documents

from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipeline_registry import BACKTRANSLATION_ROUNDS, register_pipelines
from instruction_tuning.pipelines.instruction_backtranslation.nodes import collect_seed_pairs
from instruction_tuning.schemas.backtranslation import (
    BacktranslatedCandidates,
    BacktranslationExamples,
    CuratedCandidates,
    CurationAccuracy,
)
from instruction_tuning.schemas.teacher_completions import TeacherCompletions
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.synthesis.backtranslation.source_tags import system_text
from instruction_tuning.training.sft_parameters import SFTParameters
from instruction_tuning.training.training_record import read_training_record

ROUNDS = range(1, BACKTRANSLATION_ROUNDS + 1)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory):
    server = TeacherServer.start(0, tmp_path_factory.mktemp("teacher") / "log")
    yield Endpoint(base_url=server.base_url, model=server.model)
    server.stop()


def run(project: Path, work: Path, teacher: Endpoint, **changes: Any) -> DataCatalog:
    """The catalog after the loop from stored segments, all in memory."""
    values = yaml.safe_load(
        (project / "conf/base/parameters_sft.yml").read_text().replace("${globals:seed}", "7")
    )
    small = {"max_length": 320, "validation_minimum": 1, "work_folder": str(work / "sft")}
    given = {
        "instruction_pool": pool(6),
        "stored_examples": None,
        "document_segments": segments(),
        "base_model": roomy_base(),
        "replay_documents": replay_documents(4),
        "params:teacher": teacher,
        "params:sft": SFTParameters(**{**values["sft"], **small}),
        "params:instruction_backtranslation": parameters(project, work, **changes),
    }
    whole = register_pipelines()["instruction_backtranslation"]
    stage = whole.only_nodes_with_namespaces(["instruction_backtranslation"])
    loop = Pipeline([node for node in stage.nodes if not str(node.namespace).endswith("segments")])
    return run_in_memory(loop, given)


def check_frames(catalog: DataCatalog) -> None:
    BacktranslatedCandidates.validate(catalog["backtranslated_candidates"].load())
    CurationAccuracy.validate(catalog["curation_accuracy"].load())
    for number in ROUNDS:
        curated = catalog[f"curated_candidates_{number}"].load()
        CuratedCandidates.validate(curated)
        assert len(curated) == len(segments()) and curated["round"].eq(number).all()
        BacktranslationExamples.validate(catalog[f"backtranslation_examples_{number}"].load())


@pytest.mark.slow
def test_models_write_and_judge_and_the_last_one_carries_the_tags(project_path, tmp_path, teacher) -> None:
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    catalog = run(project_path, tmp_path, nowhere, max_rejected_rate=1.0)
    check_frames(catalog)
    # What a random model writes is no instruction of the world's: nothing is right, and that is said.
    table = catalog["curation_accuracy"].load()
    assert table["kind"].eq("effect").all() and table["right"].eq(0).all()
    assert table["recall"].isna().all()
    model = catalog["backtranslated_model"].load()
    assert system_text(("seed", "web")) in load_tokenizer(model).chat_template
    log, metrics = (catalog[f"backtranslated_{name}"].load() for name in ("training_log", "metrics"))
    TrainingLog.validate(log)
    assert read_training_record(model)[1] == metrics and metrics["heldout_loss_after"] > 0
    panels = [trace.type for trace in catalog["curation_figure"].load().data]
    assert panels == ["scatter", "bar", "bar", "bar"] * BACKTRANSLATION_ROUNDS


@pytest.mark.slow
def test_a_teacher_in_both_places_is_paid_once_and_its_curation_is_a_mechanism(
    project_path, tmp_path, teacher, caplog
) -> None:
    caplog.set_level("INFO")
    by_teacher = {
        "written_by": "teacher",
        "curated_by": "teacher",
        "score_by": "parsed_text",
        "max_new_tokens": 40,
        "rating_max_new_tokens": 40,
    }
    catalog = run(project_path, tmp_path, teacher, **by_teacher)
    check_frames(catalog)
    table = catalog["curation_accuracy"].load()
    assert table["kind"].eq("mechanism").all() and table["right"].ge(2).all()
    kept = catalog["curated_candidates_1"].load().set_index("segment_id")
    assert not kept.loc["0d", "kept"], "a writer's own view answers nothing"
    assert kept["kept"].sum() >= 2 and kept["expected_score"].isna().all()
    told = f"round 1: {kept['kept'].sum()} of {len(kept)} kept, precision "
    assert f"curation against the truth (mechanism): {told}" in caplog.text
    asked = [catalog[f"curation_completions_{number}"].load() for number in ROUNDS]
    for frame in (catalog["backtranslation_completions"].load(), *asked):
        TeacherCompletions.validate(frame)
    assert asked[0]["request_id"].tolist() == asked[1]["request_id"].tolist()
    file = JSONLinesDataset(filepath=str(tmp_path / "records.jsonl"))
    file.save(catalog["backtranslated_records"].load())
    rows = file.load()
    assert rows["id"].tolist() == kept.index[kept["kept"]].tolist() and set(rows) >= {"instruction", "output"}


def test_verified_answers_of_an_earlier_run_are_asked_for_by_name(project_path, tmp_path) -> None:
    stored = parameters(project_path, tmp_path, seeds="verified_examples")
    with pytest.raises(ConfigurationError, match="no verified answers are stored yet"):
        collect_seed_pairs(pool(2), None, stored)
    assert len(collect_seed_pairs(pool(2), pool(5), stored)) == 5


def test_settings_that_cannot_go_together_are_refused(project_path, tmp_path) -> None:
    with pytest.raises(ValueError, match="score_by has to be parsed_text"):
        parameters(project_path, tmp_path, curated_by="teacher")
    with pytest.raises(ValueError, match="inference_tags need source_tags"):
        parameters(project_path, tmp_path, source_tags=False)
