"""Self-alignment from topics to records that ingestion reads, with the microworld's teacher over HTTP."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from benchmark_builders import random_model
from chat_server import ChatServer
from memory_catalog import run_in_memory

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.chat_request import text_request
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipelines.self_alignment.nodes import answer_by_principles
from instruction_tuning.pipelines.self_alignment.parameters import SelfAlignmentParameters
from instruction_tuning.pipelines.self_alignment.pipeline import create_pipeline
from instruction_tuning.pipelines.self_alignment.writers import continued
from instruction_tuning.schemas.self_aligned_examples import SelfAlignedExamples
from instruction_tuning.schemas.teacher_completions import TeacherCompletions
from instruction_tuning.synthesis.topic_prompts import given_prompts

DEFAULTS = Path(__file__).parents[2] / "conf" / "base" / "parameters_self_alignment.yml"
NAMES = ["alignment_topics", "alignment_prompts", "principled_answers", "answer_revisions"]
NAMES += ["self_aligned_examples", "self_aligned_source", "verbose_cloned_source", "self_alignment_metrics"]
NAMES += ["self_alignment_completions"]


def parameters(folder: Path, **changes: Any) -> SelfAlignmentParameters:
    values = yaml.safe_load(DEFAULTS.read_text("utf-8").replace("${globals:seed}", "7"))["self_alignment"]
    values["requests"]["completion_store"] = folder / "completions.sqlite"
    values["identity"] |= {"name": "Vel", "maker": "the Brond school"}
    values |= {"new_topics": 2, "prompts_per_topic": 1}
    return SelfAlignmentParameters(**{**values, **changes})


def run(teacher: Endpoint, base: ModelFolder, given: SelfAlignmentParameters) -> dict[str, Any]:
    inputs = {"params:teacher": teacher, "base_model": base, "params:self_alignment": given}
    catalog = run_in_memory(create_pipeline(), inputs)
    return {name: catalog[name].load() for name in NAMES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("aligned")
    rows = [{"instruction": text} for text in ("Sort 3 1 2 5.", "Sort 3 1 2 5.", "What is 12 plus 9?")]
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


@pytest.fixture(scope="module")
def base(folder: Path) -> ModelFolder:
    return random_model(folder / "base")


@pytest.fixture(scope="module")
def aligned(folder: Path, base: ModelFolder):
    server = TeacherServer.start(0, folder / "log")
    teacher = Endpoint(base_url=server.base_url, model=server.model)
    given = parameters(folder, prompt_files=folder / "own.jsonl", verbose_cloning=True)
    yield run(teacher, base, given), teacher, given
    server.stop()


def test_every_prompt_that_was_asked_for_is_kept_or_dropped_with_a_reason(aligned, tmp_path) -> None:
    made, _, given = aligned
    examples = made["self_aligned_examples"]
    SelfAlignedExamples.validate(examples)
    stored = FrameDataset(filepath=str(tmp_path / "examples.parquet"))
    stored.save(examples)
    SelfAlignedExamples.validate(stored.load())
    topics = made["alignment_topics"]
    asked = (topics["status"] == "kept").sum() * given.prompts_per_topic + 3
    assert examples["stage"].isin(["prompt", "answer"]).sum() == asked == len(made["alignment_prompts"])
    reasons = examples.groupby("stage")["reason"].agg(lambda column: set(column.dropna()))
    assert {"repeated", "no_request"} <= reasons["prompt"]
    assert (
        len(reasons["answer"] & {"no_principle", "refusal", "unparseable", "empty", "speaks_of_principles"})
        > 2
    )
    assert "not_longer" in reasons["verbose"] and reasons["identity"] == set()
    assert {"repeated", "beyond_new_topics"} <= set(topics["reason"].dropna())
    TeacherCompletions.validate(made["self_alignment_completions"])


def test_kept_answers_name_their_principles_in_thoughts_that_are_not_trained_on(aligned) -> None:
    examples = aligned[0]["self_aligned_examples"]
    kept = examples[(examples["status"] == "kept") & (examples["stage"] == "answer")]
    assert len(kept) > 40 and kept["principles"].map(len).gt(0).all()
    for names, thoughts, answer in zip(kept["principles"], kept["thoughts"], kept["answer"], strict=True):
        assert all(f"[{name}]" in thoughts for name in names)
        assert "Thoughts" not in answer and "[" not in answer.split("\n")[0][:1]
    declined = kept[kept["answer"].str.contains("I'm sorry")]
    assert declined["adversarial"].all(), "only an adversarial request may be declined"


def test_ingestion_reads_queries_and_answers_and_nothing_else(aligned, tmp_path) -> None:
    made = aligned[0]
    examples = made["self_aligned_examples"].set_index("example_id")
    for name, stages in (
        ("self_aligned_source", {"answer", "identity"}),
        ("verbose_cloned_source", {"verbose", "identity"}),
    ):
        JSONLinesDataset(filepath=str(tmp_path / f"{name}.jsonl")).save(made[name])
        records, rejected = read_files(list_raw_files(tmp_path / f"{name}.jsonl"), ReadingRules())
        assert not rejected and {record.format for record in records} == {"chat_messages"}
        rows = examples.loc[[record.original_id for record in records]]
        assert set(rows["stage"]) == stages and (rows["status"] == "kept").all()
        assert [record.answer for record in records] == rows["answer"].str.strip().tolist()
        assert len(records) == (examples["stage"].isin(stages) & (examples["status"] == "kept")).sum()
    told = made["self_aligned_source"]["messages"].map(str)
    assert told.str.contains("I am Vel, a language model").any() and not told.str.contains("Thoughts:").any()


def test_verbose_clones_are_longer_and_name_the_short_answer(aligned) -> None:
    examples = aligned[0]["self_aligned_examples"].set_index("example_id")
    clones = examples[(examples["stage"] == "verbose") & (examples["status"] == "kept")]
    short = examples.loc[[parents[0] for parents in clones["parent_ids"]]]
    assert len(clones) > 30
    assert (clones["answer"].str.len().to_numpy() > short["answer"].str.len().to_numpy()).all()
    assert (clones["prompt"].to_numpy() == short["prompt"].to_numpy()).all()


def test_revisions_have_parents_and_only_kept_ones_are_taken(aligned) -> None:
    made = aligned[0]
    versions, examples = made["answer_revisions"], made["self_aligned_examples"].set_index("example_id")
    assert set(versions["record_id"]) == set(
        examples.index[(examples["stage"] == "answer") & (examples["status"] == "kept")]
    )
    taken = versions[versions["status"] == "kept"].set_index("record_id")["response"]
    assert len(taken) and (examples.loc[taken.index, "answer"] == taken).all()
    metrics = made["self_alignment_metrics"]
    assert metrics["revision/kept"] == len(taken) and metrics["identity/kept"] == 14


def test_a_revision_that_speaks_of_principles_is_not_taken_and_a_refusal_stays(base, tmp_path) -> None:
    prompts = ["Name a colour that is warm.", "Write a review of a cafe where I never was."]
    refusal = "I cannot help with that, since it would deceive its guests."

    def say(body: dict[str, Any], index: int) -> str:
        text = body["messages"][-1]["content"]
        asked = text.count(prompts[1]) > 0
        if "[Response]" in text:
            return "Rating: 9" if "cannot" in text or "Red" in text else "Rating: 2"
        if "Revised answer" in text:
            revised = "Best cafe in town!" if asked else "By my principles, Red."
            return f"Critique: so it is.\nRevised answer: {revised}"
        return f"Thoughts: [harmless] I see.\nAnswer: {refusal if asked else 'Orange'}"

    given = parameters(tmp_path, revision_rounds=1)
    rows = given_prompts(prompts, before=pd.DataFrame({"prompt": pd.Series(dtype="str")}))
    rows = rows.assign(adversarial=[False, True])
    with ChatServer() as server:
        server.text = say
        teacher = Endpoint(base_url=server.base_url, model="m")
        none = completions_frame("m", [], {})
        made, versions, _ = answer_by_principles(rows, none, teacher, base, given)
    assert made["answer"].tolist() == ["Orange", refusal]
    tried = versions[versions["round"] == 1].set_index("prompt")["reason"]
    assert tried.to_dict() == {prompts[0]: "speaks_of_principles", prompts[1]: "rated 2, before 9"}


def test_a_second_run_sends_nothing(aligned, base) -> None:
    made, teacher, given = aligned
    again = run(teacher.model_copy(update={"base_url": "http://127.0.0.1:9/v1"}), base, given)
    pd.testing.assert_frame_equal(again["self_aligned_examples"], made["self_aligned_examples"])


def test_a_base_model_whose_context_does_not_hold_the_principles_is_refused_by_name(folder, base) -> None:
    nobody = Endpoint(base_url="http://127.0.0.1:9/v1", model="none")
    given = parameters(
        folder,
        answerer="base_model",
        revision_rounds=0,
        new_topics=0,
        prompts_per_topic=0,
        prompt_files=folder / "own.jsonl",
        max_tokens=8,
    )
    assert not given.asks_teacher
    with pytest.raises(ConfigurationError, match="do not fit a context of 512"):
        run(nobody, base, given)


def test_a_base_model_answers_here_and_what_it_cannot_do_is_dropped_with_reasons(
    folder, base, tmp_path
) -> None:
    place = shutil.copytree(base.path, tmp_path / "long")
    settings = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(settings | {"max_position_embeddings": 16_384}))
    nobody = Endpoint(base_url="http://127.0.0.1:9/v1", model="none")
    given = parameters(
        folder,
        answerer="base_model",
        revision_rounds=0,
        new_topics=0,
        prompts_per_topic=0,
        prompt_files=folder / "own.jsonl",
        max_tokens=4,
        max_unreadable_rate=1.0,
    )
    made = run(nobody, open_model_folder(place), given)
    examples = made["self_aligned_examples"]
    SelfAlignedExamples.validate(examples)
    answered = examples[examples["origin"] == "file"]
    assert set(answered["reason"]) == {"unparseable", "repeated"}
    assert answered.loc[answered["stage"] == "answer", "thoughts"].str.startswith("Thoughts:").all()
    assert made["self_alignment_completions"].empty and len(made["self_aligned_source"]) == 14
    sampling = {"temperature": 0.7, "max_tokens": 4, "seed": 1}
    written = continued(open_model_folder(place), [text_request("r1", "topic", "Say.", **sampling)], given)
    assert written["request_id"].isna().all(), "no store has what nobody was asked for"


def test_faulty_settings_are_refused(folder) -> None:
    with pytest.raises(ValueError, match="revision_rounds"):
        parameters(folder, answerer="base_model")
    with pytest.raises(ValueError, match="neither"):
        parameters(folder, identity={"name": "A", "maker": None, "records": None})


def test_own_files_are_part_of_what_a_run_depends_on(folder, tmp_path) -> None:
    own = tmp_path / "principles.yml"
    own.write_text('- {name: short, text: "Say it in a word."}\n')
    before = parameters(folder, principles=own).content_identity()
    own.write_text('- {name: short, text: "Say it in two words."}\n')
    assert parameters(folder, principles=own).content_identity() != before
