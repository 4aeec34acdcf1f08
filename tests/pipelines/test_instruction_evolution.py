"""Evolution end to end in memory: a real teacher over HTTP, the microworld's base model, small sizes."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from raw_file_builders import read

from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipeline_registry import EVOLUTION_ROUNDS, register_pipelines
from instruction_tuning.pipelines.instruction_evolution.nodes import draw_evolution_seeds, evolve_instructions
from instruction_tuning.pipelines.instruction_evolution.parameters import InstructionEvolutionParameters
from instruction_tuning.schemas.evolved_instructions import EvolvedInstructions
from instruction_tuning.schemas.teacher_completions import TeacherCompletions

SEEDS = 16
STAGE = "instruction_evolution"


def pool() -> pd.DataFrame:
    """One question a skill, rewriting twice, with right answers."""
    world, rng = build_world(), random.Random(5)
    skills = [*SKILLS[: SEEDS - 4], *[skill for skill in SKILLS if skill.use_case == "rewrite"][:4]]
    rows = []
    for number, skill in enumerate(skills):
        slots = skill.item(world, rng, "train")
        texts = (rng.choice(skill.train_questions).format(**slots), skill.short_answer.format(**slots))
        turns = [
            {"role": role, "content": text} for role, text in zip(("user", "assistant"), texts, strict=True)
        ]
        labels = {
            "source": "mine",
            "language": skill.language,
            "licence": "cc0-1.0",
            "category": skill.use_case,
        }
        rows.append({"record_id": f"{number:016x}", "messages": turns, "answer": texts[1], **labels})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory):
    server = TeacherServer.start(0, tmp_path_factory.mktemp("teacher") / "log")
    yield Endpoint(
        base_url=server.base_url,
        model=server.model,
        price_per_million_input_tokens=1.0,
        price_per_million_output_tokens=2.0,
    )
    server.stop()


@pytest.fixture(scope="module")
def parameters(
    project_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> InstructionEvolutionParameters:
    file = project_path / "conf/base/parameters_instruction_evolution.yml"
    values = yaml.safe_load(file.read_text("utf-8").replace("${globals:seed}", "7"))[STAGE]
    values["requests"]["completion_store"] = tmp_path_factory.mktemp("store") / "completions.sqlite"
    values["mastery"] |= {"samples": 1, "temperature": 0.0, "max_new_tokens": 24}
    return InstructionEvolutionParameters(**{**values, "seeds": SEEDS, "capability_aware": False})


def evolved_by(
    project_path: Path, teacher: Endpoint, parameters: InstructionEvolutionParameters
) -> dict[str, Any]:
    """What the pipeline makes, all in memory."""
    stage = register_pipelines()[STAGE].only_nodes_with_namespaces([STAGE])
    given = {
        "instruction_pool": pool(),
        "base_model": open_model_folder(project_path / "data/06_models/microworld_base"),
        "champion_model": None,
        "params:teacher": teacher,
        f"params:{STAGE}": parameters,
    }
    made = {name: MemoryDataset(copy_mode="assign") for name in stage.outputs()}
    kept = {name: MemoryDataset(value, copy_mode="assign") for name, value in given.items()}
    SequentialRunner().run(stage, DataCatalog({**kept, **made}))
    return {name: dataset.load() for name, dataset in made.items()}


@pytest.fixture(scope="module")
def blind(project_path, teacher, parameters) -> dict[str, Any]:
    return evolved_by(project_path, teacher, parameters)


def test_every_branch_is_accounted_for_in_every_round_with_its_price(blind) -> None:
    frame, requests = blind["evolved_instructions"], blind["evolution_completions"]
    EvolvedInstructions.validate(frame)
    TeacherCompletions.validate(requests)
    assert frame.groupby("round").size().to_dict() == dict.fromkeys(range(EVOLUTION_ROUNDS + 1), SEEDS)
    assert frame["requests"].sum() == requests["request_id"].nunique()
    assert frame["price_usd"].sum() == pytest.approx(requests["price_usd"].sum())
    assert {"kept", "dropped"} <= set(frame["status"]) and frame["mastery_rate"].isna().all()


def test_parents_are_the_last_kept_versions(blind) -> None:
    frame = blind["evolved_instructions"]
    for _, rows in frame.sort_values("round").groupby("root_id"):
        last = None
        for row in rows.to_dict("records"):
            assert list(row["parent_ids"]) == ([] if last is None else [last])
            last = row["evolution_id"] if row["status"] in ("seed", "kept") else last


def test_another_run_pays_for_nothing(blind, project_path, teacher, parameters) -> None:
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    again = evolved_by(project_path, nowhere, parameters)
    pd.testing.assert_frame_equal(again["evolved_instructions"], blind["evolved_instructions"])


def test_the_raw_source_is_read_by_ingestion(blind, tmp_path: Path) -> None:
    file = tmp_path / "evolved_source.jsonl"
    JSONLinesDataset(filepath=str(file)).save(blind["evolved_source"])
    records, rejected = read(file)
    kept = blind["evolved_instructions"].query("status == 'kept'")
    assert not rejected and [record.original_id for record in records] == kept["evolution_id"].tolist()
    assert {record.format for record in records} == {"chat_messages"}
    assert {record.licence for record in records} == {"cc0-1.0"}


def test_a_figure_shows_rounds_operations_and_reasons(blind) -> None:
    text = blind["evolution_figure"].to_json()
    assert "round 3" in text and "no information gain" in text and "code, " in text


def test_aware_of_the_model_only_what_it_masters_goes_on(project_path, teacher, parameters) -> None:
    aware = parameters.model_copy(update={"capability_aware": True})
    frame = evolved_by(project_path, teacher, aware)["evolved_instructions"]
    EvolvedInstructions.validate(frame)
    first = frame[frame["round"] == 1]
    stopped = first[first["status"] == "stopped"]
    assert len(first) == SEEDS and 0 < len(stopped) < SEEDS
    assert (stopped["mastery_rate"] < 0.5).all() and set(stopped["reason"]) == {"not_mastered"}
    assert (first.loc[first["status"] != "stopped", "mastery_rate"] >= 0.5).all()
    later = frame[frame["round"] > 1]
    assert not set(later["root_id"]) & set(stopped["root_id"]), "a stopped branch stays stopped"


def test_a_champion_that_is_not_there_is_said_before_anything_is_paid(
    project_path, teacher, parameters
) -> None:
    changed = parameters.model_copy(update={"capability_aware": True, "trained_model": "champion"})
    nowhere = teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(ConfigurationError, match="no model is champion yet"):
        evolved_by(project_path, nowhere, changed)


def test_an_unknown_operation_is_said_before_anything_is_paid(project_path, teacher, parameters) -> None:
    changed = parameters.model_copy(update={"text_operations": ("depen",)})
    with pytest.raises(ConfigurationError, match="no operation `depen`"):
        evolved_by(project_path, teacher, changed)


def test_a_round_with_nothing_left_to_evolve_has_its_own_number(teacher, parameters, caplog) -> None:
    caplog.set_level("INFO")
    nobody, unasked = draw_evolution_seeds(pool().head(0), teacher, parameters)
    for number in (1, 2):
        nobody, unasked = evolve_instructions(nobody, unasked, None, None, teacher, parameters, number=number)
    assert nobody.empty and unasked.empty
    assert "round 2: 0 of 0 branches evolved" in caplog.text
