"""`kedro check DATA`: what a run would find in a file, without running anything."""

import sys
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.utils import _split_params, env_option
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol

from instruction_tuning.canonical.cost_estimates import TrainingPlan
from instruction_tuning.canonical.dry_run_report import NO_TEACHER
from instruction_tuning.cli.plain_errors import EXIT_EXPECTED_ERROR, plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.hooks.answer_source import check_teacher_knows
from instruction_tuning.hooks.built_in_teacher import check_built_in_teacher
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET
from instruction_tuning.hooks.trainable_base import check_trainable
from instruction_tuning.lm.loading import unreadable_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.training.provenance import read_base_record
from instruction_tuning.training.training_record import read_training_record

if TYPE_CHECKING:
    from instruction_tuning.canonical.dry_run import TeacherPlan
    from instruction_tuning.canonical.program_costs import CountTokens, ProgramPlan
    from instruction_tuning.lm.protocol import Endpoint

OWN_ANSWERS = (
    "{rows:,} rows have an answer of their own. With --env=alpaca those are taken, no teacher is asked, and "
    "nothing is paid."
)


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--params",
    default="",
    callback=_split_params,
    help="Parameters as for `kedro run`, such as ingestion.require_answer=false.",
)
@env_option
def check(data: Path, params: dict[str, Any], env: str | None) -> None:
    """Dry run on DATA, a file or a folder: format, good and bad rows, tokens, truncation, cost.

    Exits with 1 where a run on DATA would stop: fewer than two records, too many bad rows, a file in an
    unknown format, a base model that cannot be fine-tuned as asked, or answers that the built-in teacher
    does not know.
    """
    from instruction_tuning.canonical.dry_run import dry_run

    data = data.expanduser().absolute()
    with plain_errors(), project_context(env, {**params, "data": str(data)}) as context:
        parameters, catalog = context.params, context.catalog
        answers, budget = parameters["answer_generation"], parameters["query_selection"].budget
        base_model = catalog.load("base_model")
        count_tokens = token_counter(base_model.path)
        plan, refused = teacher_plan(answers, budget, parameters["teacher"]), None
        if plan is not None:
            refused = teacher_refused(catalog, context.project_path)
        report = dry_run(
            data,
            count_tokens,
            max_length_tokens=parameters["sft"].max_length,
            teacher=None if refused else plan,
            no_teacher=f"No price of answers: {refused.problem}." if refused else NO_TEACHER,
            training=training_plan(parameters["sft"], budget, catalog, base_model, count_tokens),
            rules=parameters["ingestion"].reading_rules(),
            max_rejection_rate=parameters["ingestion"].max_rejection_rate,
        )
        click.echo(report.render())
        if plan is not None and report.answered_rows:
            click.echo(OWN_ANSWERS.format(rows=report.answered_rows))
        check_trainable(base_model, parameters["sft"])
        if refused is not None:
            raise refused
        if not report.is_usable:
            sys.exit(EXIT_EXPECTED_ERROR)


def teacher_refused(catalog: CatalogProtocol[Any, Any], project: Path) -> ConfigurationError | None:
    """Why a run with these records would not ask its teacher."""
    asked = pipelines["answer_generation"]
    try:
        check_teacher_knows(asked, catalog, project)
        check_built_in_teacher(asked, asked, catalog)
    except ConfigurationError as error:
        return error
    return None


def training_plan(
    sft: Any,
    query_budget: int,
    catalog: CatalogProtocol[Any, Any],
    base_model: ModelFolder,
    count_tokens: "CountTokens",
) -> TrainingPlan:
    """What a run with these parameters of `sft` trains, as fast as `base_model` was fine-tuned last."""
    counts: list[int] = []
    if sft.documents_per_example:
        counts = count_tokens(catalog.load("replay_documents")["text"].tolist())
    return TrainingPlan(
        query_budget=query_budget,
        num_train_epochs=sft.num_train_epochs,
        max_length_tokens=sft.max_length,
        rows_per_step=sft.rows_per_microbatch * sft.gradient_accumulation_steps,
        packing=sft.packing,
        validation_share=sft.validation_share,
        validation_minimum=sft.validation_minimum,
        documents_per_example=sft.documents_per_example,
        documents=len(counts),
        document_tokens=sum(counts) / max(len(counts), 1),
        tokens_per_second=_speed(catalog, base_model),
    )


def _speed(catalog: CatalogProtocol[Any, Any], base_model: ModelFolder) -> float | None:
    """Tokens a second of the newest fine-tuned model here; null where it was made from another base."""
    if not catalog.exists(CANDIDATE_DATASET):
        return None
    newest = catalog.load(CANDIDATE_DATASET)
    if read_base_record(newest).get("digest") != base_model.digest:
        return None
    return read_training_record(newest)[1].get("tokens_per_second")


def teacher_plan(answers: Any, query_budget: int, teacher: "Endpoint") -> "TeacherPlan | None":
    """What a run with these parameters of `answer_generation` asks of teacher and judge, or null."""
    from instruction_tuning.canonical.dry_run import TeacherPlan
    from instruction_tuning.prompts.files import read_prompt

    if answers.strategy == "source":
        return None
    rating, judge = read_prompt(answers.rating_form.prompt), teacher.judge
    answered_by = teacher.answered_by
    if teacher.others:
        judge = teacher.rated_by  # its price is not the mean of those who answer
    return TeacherPlan(
        query_budget=query_budget,
        samples_per_query=answers.num_samples * len(answered_by),
        answer_max_tokens=answers.max_tokens,
        rating_prompt=rating.fill({"instruction": "", "response": ""}),
        rating_max_tokens=answers.rating_max_tokens,
        system_prompt=_longest_system_prompt(answers.use_system_prompt),
        price_per_million_input_tokens=fmean(one.price_per_million_input_tokens for one in answered_by),
        price_per_million_output_tokens=fmean(one.price_per_million_output_tokens for one in answered_by),
        judge_prices_per_million_tokens=None
        if judge is None
        else (judge.price_per_million_input_tokens, judge.price_per_million_output_tokens),
        budget_usd=answers.budget_usd,
        max_concurrency=answers.max_concurrency,
        programs=_program_plan(answers) if answers.tests_programs else None,
    )


def _program_plan(answers: Any) -> "ProgramPlan":
    """An error that a repair is shown counts as long as it may be."""
    from instruction_tuning.answering.self_repair import LONGEST_ERROR
    from instruction_tuning.answering.use_case import asks_for_program
    from instruction_tuning.canonical.program_costs import ProgramPlan
    from instruction_tuning.prompts.files import read_prompt

    longest = "x " * (LONGEST_ERROR // 2)
    return ProgramPlan(
        asks_for_program=lambda prompt: asks_for_program({"prompt": prompt}),
        tests_prompt=read_prompt("writing_tests").fill({"instruction": ""}),
        solving_prompt=read_prompt("solving_with_tests").fill({"instruction": "", "tests": ""}),
        repair_prompt=read_prompt("repairing").fill({"instruction": "", "program": "", "error": longest}),
        num_repairs=answers.num_repairs,
    )


def _longest_system_prompt(used: bool | str) -> str:
    from instruction_tuning.prompts.files import read_prompt

    if used == "by_use_case":
        return max(
            (read_prompt(f"answer_system_{name}").text for name in ("general", "math", "code")), key=len
        )
    return read_prompt("answer_system").text if used else ""


def token_counter(model: Path) -> "CountTokens":
    """A function from texts to their numbers of tokens, by the tokenizer in folder `model`."""
    from tokenizers import Tokenizer

    file = model / "tokenizer.json"
    if not file.is_file():
        raise InputError(
            "the base model has no fast tokenizer",
            file=file,
            fix="save it with AutoTokenizer.from_pretrained(...).save_pretrained(folder)",
        )
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the Rust library raises nothing narrower
        raise unreadable_tokenizer(file, error) from error

    def count(texts: list[str]) -> list[int]:
        return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]

    return count
