"""The built-in teacher is not asked by prompts that it does not recognise, nor about another world."""

import shutil
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from raw_file_builders import write

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.built_in_teacher import check_built_in_teacher
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import _OPERATIONS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.pipelines.chinese_answers.parameters import ChineseAnswersParameters
from instruction_tuning.pipelines.comparison_data.parameters import (
    ComparedModel,
    ComparisonDataParameters,
    RatingParameters,
)
from instruction_tuning.pipelines.instruction_backtranslation.parameters import BacktranslationParameters
from instruction_tuning.pipelines.instruction_evolution.parameters import InstructionEvolutionParameters
from instruction_tuning.pipelines.instruction_synthesis.parameters import InstructionSynthesisParameters
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters
from instruction_tuning.pipelines.self_alignment.parameters import SelfAlignmentParameters
from instruction_tuning.prompts import files
from instruction_tuning.synthesis.unnatural import UnnaturalParameters

WORLD = [{"role": "user", "content": item["question"]} for item in benchmark_items(build_world(), 3)[:20]]
ELSEWHERE = {"role": "user", "content": "Who wrote Hamlet?"}
BUILT_IN = Endpoint(base_url="microworld", model="m")
YOURS = Endpoint(base_url="http://127.0.0.1:9/v1", model="m")
# Every section that asks a teacher, told to ask for all that it can.
SECTIONS: list[Any] = [
    AnswerGenerationParameters.model_construct(strategy="self_repair"),
    ChineseAnswersParameters.model_construct(),
    ComparisonDataParameters.model_construct(
        models={"t": ComparedModel(source="teacher"), "own": ComparedModel(source="record")},
        rating=RatingParameters.model_construct(ways=("alone", "joint")),
    ),
    BacktranslationParameters.model_construct(written_by="teacher", curated_by="teacher"),
    InstructionEvolutionParameters.model_construct(
        compare_with_parent=True, text_operations=("deepen",), code_operations=("misdirect",)
    ),
    InstructionSynthesisParameters.model_construct(
        writer="chat",
        methods=("self_instruct", "unnatural", "textbook"),
        unnatural=UnnaturalParameters.model_construct(paraphrases=2),
    ),
    PoolRatingsParameters.model_construct(measures=("tags", "judge_rating", "difficulty_rating", "deita")),
    SelfAlignmentParameters.model_construct(
        answerer="teacher",
        new_topics=1,
        prompts_per_topic=1,
        revision_rounds=1,
        verbose_cloning=True,
        prompt_files=None,
    ),
    # Those that ask for JSON do so by prompts of their own.
    AnswerGenerationParameters.model_construct(strategy="teacher", structured_output=True),
    InstructionEvolutionParameters.model_construct(
        compare_with_parent=True,
        structured_output=True,
        text_operations=("deepen",),
        code_operations=("misdirect",),
    ),
]


def check(parameters: Any, teacher: Endpoint = BUILT_IN, **data: Any) -> None:
    values = {"params:teacher": teacher, "params:section": parameters}
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in values.items()})
    for name, dataset in data.items():
        catalog[name] = dataset
    ask = Pipeline([Node(lambda *_: 1, [*values, *data], "replies", name="ask")])
    check_built_in_teacher(ask, ask, catalog)


@pytest.fixture
def prompt_folder(tmp_path, monkeypatch):
    """The prompt files where a test may edit them."""
    folder = shutil.copytree(files._FOLDER, tmp_path / "prompts")
    monkeypatch.setattr(files, "_FOLDER", folder)
    files.prompt_of_file.cache_clear()
    yield folder
    files.prompt_of_file.cache_clear()


@pytest.mark.parametrize("parameters", SECTIONS, ids=lambda one: type(one).__name__)
def test_the_prompts_as_they_are_shipped_are_recognised(parameters) -> None:
    check(parameters)


def test_every_prompt_that_the_teacher_reads_is_one_that_a_section_asks_by() -> None:
    names = {file.stem for file in files._FOLDER.glob("*.txt")}
    texts = {name: files.read_prompt(name).filled_with("English") for name in names}
    read = {name for name, text in texts.items() if any(reads(text) is not None for reads, _ in _OPERATIONS)}
    assert read == {name for section in SECTIONS for name in section.teacher_prompts}


@pytest.mark.parametrize(("strategy", "refused"), [("self_repair", True), ("teacher", False)])
def test_a_prompt_file_without_its_marker_lines_stops_the_runs_that_ask_by_it(
    prompt_folder, strategy, refused
) -> None:
    parameters = AnswerGenerationParameters.model_construct(strategy=strategy)
    file = prompt_folder / "repairing.txt"
    file.write_text(f"Be kind.\n{file.read_text()}")
    check(parameters)  # other words around the marks are yours to choose
    file.write_text("Mend {program} of {instruction}: {error}\n")
    files.prompt_of_file.cache_clear()
    check(parameters, YOURS)
    if not refused:
        check(parameters)
        return
    with pytest.raises(ConfigurationError, match=r"prompts/repairing\.txt") as caught:
        check(parameters)
    assert caught.value.file == file and "marker lines" in caught.value.fix
    assert "conf/local/globals.yml" in caught.value.fix


def test_a_built_in_judge_is_asked_by_the_rating_prompt_alone(prompt_folder) -> None:
    judged = YOURS.model_copy(update={"judge": BUILT_IN})
    parameters = AnswerGenerationParameters.model_construct(strategy="tests_first")
    (prompt_folder / "writing_tests.txt").write_text("Test {instruction}\n")
    check(parameters, judged)
    with pytest.raises(ConfigurationError, match="writing_tests"):
        check(parameters, BUILT_IN.model_copy(update={"judge": YOURS}))
    (prompt_folder / "rating.txt").write_text("Rate {response} to {instruction}\n")
    files.prompt_of_file.cache_clear()
    with pytest.raises(ConfigurationError, match="rating") as caught:
        check(parameters, judged)
    assert "name a judge of yours" in caught.value.fix


def test_an_operation_of_your_own_is_not_evolved_by_the_built_in_teacher() -> None:
    parameters = SECTIONS[4].model_copy(update={"text_operations": ("shorten",)})
    with pytest.raises(ConfigurationError, match="operation `shorten`"):
        check(parameters)
    check(parameters, YOURS)


@pytest.mark.parametrize("teacher", [BUILT_IN, YOURS.model_copy(update={"judge": BUILT_IN})])
def test_stored_queries_of_another_world_are_refused_and_those_of_its_own_are_not(tmp_path, teacher) -> None:
    stored = FrameDataset(filepath=str(tmp_path / "selected_queries.parquet"))
    nothing = SimpleNamespace()
    answer = {"role": "assistant", "content": "x"}
    stored.save(pd.DataFrame({"messages": [[turn, answer] for turn in WORLD]}))
    check(nothing, teacher, selected_queries=stored)
    stored.save(pd.DataFrame({"messages": [[ELSEWHERE, answer]] * 30 + [[WORLD[0], answer]]}))
    with pytest.raises(ConfigurationError, match="1 of the first 31 prompts of `selected_queries`") as caught:
        check(nothing, teacher, selected_queries=stored)
    assert str(caught.value.file).endswith("selected_queries.parquet")
    check(nothing, YOURS, selected_queries=stored)
    check(SimpleNamespace(asks_teacher=False), teacher, selected_queries=stored)


def test_where_only_a_judge_of_yours_is_asked_the_built_in_teacher_does_not_matter(tmp_path) -> None:
    stored = FrameDataset(filepath=str(tmp_path / "selected_queries.parquet"))
    stored.save(pd.DataFrame({"messages": [[ELSEWHERE]]}))
    judged = BUILT_IN.model_copy(update={"judge": YOURS})
    compared = SECTIONS[2]
    with pytest.raises(ConfigurationError, match="0 of the first 1"):
        check(compared, judged, selected_queries=stored)
    others = compared.model_copy(update={"models": {"own": ComparedModel(source="record")}})
    check(others, judged, selected_queries=stored)
    with pytest.raises(ConfigurationError, match="0 of the first 1"):
        check(others, BUILT_IN, selected_queries=stored)


def test_files_of_prompts_are_of_its_world_or_refused(tmp_path) -> None:
    world = write(tmp_path / "world.jsonl", [{"prompt": turn["content"]} for turn in WORLD])
    check(SECTIONS[-1].model_copy(update={"prompt_files": world}))
    own = write(tmp_path / "own.jsonl", [{"prompt": ELSEWHERE["content"]}])
    with pytest.raises(ConfigurationError, match=r"0 of the first 1 prompts of `section\.prompt_files`"):
        check(SECTIONS[-1].model_copy(update={"prompt_files": own}))


@pytest.mark.parametrize(
    "parameters",
    [
        AnswerGenerationParameters.model_construct(strategy="teacher", score_by="expected_value"),
        PoolRatingsParameters.model_construct(measures=("judge_rating",), score_by="expected_value"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_it_has_no_probabilities_to_score_by(parameters) -> None:
    with pytest.raises(ConfigurationError, match=r"section\.score_by(.|\n)*parsed_text, or name a judge"):
        check(parameters)
    check(parameters, BUILT_IN.model_copy(update={"judge": YOURS}))
    with pytest.raises(ConfigurationError, match="score_by"):
        check(parameters, YOURS.model_copy(update={"judge": BUILT_IN}))


def test_what_rates_nothing_needs_no_probabilities() -> None:
    check(AnswerGenerationParameters.model_construct(strategy="source", score_by="expected_value"))
    check(PoolRatingsParameters.model_construct(measures=("tags",), score_by="expected_value"))
