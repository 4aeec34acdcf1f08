"""The parts of `kedro chat` and `kedro check` that are this project's own."""

import shutil
from typing import Any

import pandas as pd
import pytest
import yaml
from training_builders import replay_documents, verified_examples
from warm_processes import run_kedro

from instruction_tuning.canonical.cost_estimates import training_estimate
from instruction_tuning.cli.chat import answer_all, answerer, greeting
from instruction_tuning.cli.check import teacher_plan, token_counter, training_plan
from instruction_tuning.cli.example_questions import MICROWORLD_BASE, example_questions, is_microworld_base
from instruction_tuning.errors import InputError, ModelFolderError
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.training.provenance import write_base_record
from instruction_tuning.training.sft_parameters import SFTParameters
from instruction_tuning.training.training_record import write_training_record


def test_a_model_without_a_chat_template_still_answers(tiny_model_path):
    answer = answerer(open_model_folder(tiny_model_path), max_new_tokens=4)
    assert answer("What is 2 + 3?") == answer("What is 2 + 3?")


def test_tokens_are_counted_by_the_base_models_tokenizer(tiny_model_path):
    count = token_counter(tiny_model_path)
    assert count(["abc", "", "卓"]) == [3, 0, 3]


def test_a_base_model_without_a_tokenizer_is_named(tmp_path):
    with pytest.raises(InputError, match="no fast tokenizer"):
        token_counter(tmp_path)


def answers(project_path, **changes):
    file = project_path / "conf" / "base" / "parameters_answer_generation.yml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))["answer_generation"]
    return AnswerGenerationParameters(**{**values, "seed": 1, **changes})


def test_the_cost_is_that_of_the_runs_own_parameters_and_prompt_files(project_path):
    teacher = Endpoint(base_url="http://127.0.0.1:1/v1", model="m", price_per_million_output_tokens=0.6)
    plan = teacher_plan(answers(project_path, num_samples=3, budget_usd=2.0), 70, teacher)
    assert (plan.query_budget, plan.samples_per_query, plan.budget_usd) == (70, 3, 2.0)
    assert plan.price_per_million_output_tokens == 0.6
    assert "[Instruction]" in plan.rating_prompt and "{" not in plan.rating_prompt
    assert plan.system_prompt == ""
    assert teacher_plan(answers(project_path, use_system_prompt=True), 70, teacher).system_prompt


def test_a_judge_rates_at_its_own_prices(project_path):
    judge = Endpoint(base_url="http://127.0.0.1:2/v1", model="j", price_per_million_input_tokens=3.0)
    teacher = Endpoint(
        base_url="http://127.0.0.1:1/v1", model="m", price_per_million_output_tokens=0.6, judge=judge
    )
    assert teacher_plan(answers(project_path), 70, teacher).judge_prices_per_million_tokens == (3.0, 0.0)


@pytest.mark.parametrize(("strategy", "repairs"), [("tests_first", 0), ("self_repair", 1)])
def test_strategies_that_test_programs_are_planned_with_their_own_prompts(project_path, strategy, repairs):
    teacher = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")
    planned = teacher_plan(answers(project_path, strategy=strategy), 70, teacher).programs
    assert planned.num_repairs == repairs
    assert planned.asks_for_program("Write a function f.") and not planned.asks_for_program("What is rain?")
    assert "unit tests" in planned.tests_prompt and "{" not in planned.tests_prompt + planned.repair_prompt
    assert teacher_plan(answers(project_path), 70, teacher).programs is None


def test_nothing_is_asked_of_a_teacher_where_the_records_answers_are_taken(project_path):
    teacher = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")
    assert teacher_plan(answers(project_path, strategy="source"), 70, teacher) is None


def checked(project_path, data, *options):
    return run_kedro("check", str(data), *options, cwd=project_path)


def test_a_file_of_which_nothing_can_be_used_is_an_error_and_the_switch_it_names_mends_it(
    project_path, tmp_path
):
    data = tmp_path / "questions.jsonl"
    data.write_text('{"instruction": "Say a."}\n{"instruction": "Say b."}\n')
    refused = checked(project_path, data)
    assert refused.returncode == 1 and "ingestion.require_answer=false" in refused.stdout, refused.stderr
    # Read they can be, but only a teacher of the user's own could answer them: a run would stop there.
    taken = checked(project_path, data, "--params=ingestion.require_answer=false")
    assert taken.returncode == 1 and "2 good, 0 bad" in taken.stdout
    assert "an answer of their own" not in taken.stdout and "asks a teacher" not in taken.stdout
    assert "the built-in teacher knows only its invented world" in taken.stderr
    assert "fix: " in taken.stderr and "conf/local/globals.yml" in taken.stderr


def test_records_with_answers_are_told_that_no_teacher_need_be_asked(project_path, tmp_path):
    data = tmp_path / "answered.jsonl"
    data.write_text("".join(f'{{"instruction": "Say {text}.", "output": "{text}"}}\n' for text in "ab"))
    refused = checked(project_path, data)
    assert refused.returncode == 1 and "No price of answers: the built-in teacher" in refused.stdout
    assert "With --env=alpaca" in refused.stdout and "--env=alpaca" in refused.stderr
    taken = checked(project_path, data, "--env=alpaca")
    assert taken.returncode == 0 and "No teacher is asked" in taken.stdout
    assert "It trains on at most 1 example." in taken.stdout
    assert "training: 1 step, " in taken.stdout and "  time: " in taken.stdout


def test_a_broken_tokenizer_is_named_with_its_file(tmp_path):
    (tmp_path / "tokenizer.json").write_text('{"version": ')
    with pytest.raises(ModelFolderError, match="no tokenizer that can be read") as refused:
        token_counter(tmp_path)
    assert refused.value.file == tmp_path / "tokenizer.json"


def test_the_built_in_teacher_is_priced_for_its_own_world(project_path):
    text = checked(project_path, project_path / "data/01_raw/microworld/pool/alpaca.json").stdout
    assert "A run asks a teacher about at most 1,000 of them" in text
    assert "replayed documents. An estimate:" in text


class Endings(dict[str, Any]):
    """A catalog of stored things."""

    def exists(self, name: str) -> bool:
        return name in self

    def load(self, name: str) -> Any:
        return self[name]


@pytest.mark.parametrize("rows", [2, 7, 57, 300, 1000])
@pytest.mark.parametrize("documents", [5, 2000])
def test_the_dry_run_counts_as_many_examples_and_documents_as_a_run_trains(
    project_path, tiny_model_path, rows, documents
):
    sft = sft_parameters(project_path)
    there = replay_documents(documents)
    plan = training_plan(
        sft,
        1000,
        Endings(replay_documents=there),
        open_model_folder(tiny_model_path),
        lambda texts: [1] * len(texts),
    )
    told = training_estimate([5] * rows, plan)
    names = ("documents_per_example", "validation_share", "validation_minimum", "seed")
    trained, _ = build_mixture(verified_examples(rows), there, **{name: getattr(sft, name) for name in names})
    kinds = trained["kind"].value_counts()
    assert (told.examples, told.documents) == (kinds["chat"], kinds.get("document", 0))


def test_a_file_of_57_rows_is_told_the_43_that_stay_to_train_on(project_path, tmp_path):
    data = tmp_path / "answered.jsonl"
    data.write_text("".join(f'{{"instruction": "Say {row}.", "output": "{row}"}}\n' for row in range(57)))
    assert "It trains on at most 43 examples." in checked(project_path, data, "--env=alpaca").stdout


def sft_parameters(project_path):
    file = project_path / "conf" / "base" / "parameters_sft.yml"
    return SFTParameters(**{**yaml.safe_load(file.read_text(encoding="utf-8"))["sft"], "seed": 1})


def test_the_time_of_a_training_is_that_of_the_last_one_of_the_same_base(
    project_path, tiny_model_path, tmp_path
):
    base = open_model_folder(tiny_model_path)
    tuned = open_model_folder(shutil.copytree(tiny_model_path, tmp_path / "tuned"))
    other = open_model_folder(project_path / MICROWORLD_BASE)
    sft = sft_parameters(project_path)
    catalog = Endings(replay_documents=pd.DataFrame({"text": ["a b", "c d e f"]}))

    def planned(model):
        return training_plan(sft, 70, catalog, model, lambda texts: [len(text.split()) for text in texts])

    assert planned(base).tokens_per_second is None and planned(base).document_tokens == 3
    assert planned(base).rows_per_step == 4
    catalog["sft_model"] = write_training_record(
        tuned, pd.DataFrame({"step": [1]}), {"tokens_per_second": 1700.0}
    )
    assert planned(base).tokens_per_second is None
    write_base_record(tuned, base)
    assert planned(base).tokens_per_second == 1700
    assert planned(other).tokens_per_second is None


def test_what_the_shipped_base_can_be_asked_are_train_questions_in_train_phrasings():
    from instruction_tuning.microworld.skills import SKILLS

    questions = example_questions(0)
    assert questions == example_questions(0) and len(set(questions)) == 3
    asked = [skill for question in questions for skill in SKILLS if skill.match(question)]
    assert [skill.use_case for skill in asked] == ["open_qa", "math", "translation"]
    for skill, question in zip(asked, questions, strict=True):
        assert skill.split_of(skill.match(question)) == "train"


def test_only_the_shipped_base_is_taken_for_a_model_of_the_invented_world(project_path, tiny_model_path):
    shipped = open_model_folder(project_path / MICROWORLD_BASE)
    assert is_microworld_base(shipped, project_path)
    assert not is_microworld_base(open_model_folder(tiny_model_path), project_path)
    assert "knows only the invented world" in greeting(shipped, project_path)
    assert "invented world" not in greeting(open_model_folder(tiny_model_path), project_path)


def test_an_empty_answer_is_called_none(capsys):
    answer_all("hello", {"base": lambda question: "", "sft-model version 1": str.upper})
    assert capsys.readouterr().out == "base> (no answer)\nsft-model version 1> HELLO\n\n"
