"""`kedro check DATA`: what a run would find in a file, without running anything."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.utils import _split_params, env_option

from instruction_tuning.cli.plain_errors import EXIT_EXPECTED_ERROR, plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import InputError

if TYPE_CHECKING:
    from instruction_tuning.canonical.dry_run import TeacherPlan
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

    Exits with 1 where a run on DATA would stop: no row can be used, or a file is in an unknown format.
    """
    from instruction_tuning.canonical.dry_run import dry_run

    with plain_errors(), project_context(env, params) as context:
        parameters = context.params
        report = dry_run(
            data.expanduser(),
            token_counter(context.catalog.load("base_model").path),
            max_length_tokens=parameters["sft"].max_length,
            teacher=teacher_plan(
                parameters["answer_generation"],
                parameters["query_selection"].budget,
                context.catalog.load("teacher"),
            ),
            rules=parameters["ingestion"].reading_rules(),
        )
        click.echo(report.render())
        if report.teacher and report.answered_rows:
            click.echo(OWN_ANSWERS.format(rows=report.answered_rows))
        if not report.is_usable:
            sys.exit(EXIT_EXPECTED_ERROR)


def teacher_plan(answers: Any, query_budget: int, teacher: "Endpoint") -> "TeacherPlan | None":
    """What a run with these parameters of `answer_generation` asks of `teacher`; null when nothing."""
    from instruction_tuning.canonical.dry_run import TeacherPlan
    from instruction_tuning.prompts.files import read_prompt

    if answers.strategy == "source":
        return None
    rating = read_prompt("rating")
    return TeacherPlan(
        query_budget=query_budget,
        samples_per_query=answers.num_samples,
        answer_max_tokens=answers.max_tokens,
        rating_prompt=rating.fill({"instruction": "", "response": ""}),
        rating_max_tokens=answers.rating_max_tokens,
        system_prompt=read_prompt("answer_system").text if answers.use_system_prompt else "",
        price_per_million_input_tokens=teacher.price_per_million_input_tokens,
        price_per_million_output_tokens=teacher.price_per_million_output_tokens,
        budget_usd=answers.budget_usd,
        max_concurrency=answers.max_concurrency,
    )


def token_counter(model: Path) -> Callable[[list[str]], list[int]]:
    """A function from texts to their numbers of tokens, by the tokenizer in folder `model`."""
    from tokenizers import Tokenizer

    file = model / "tokenizer.json"
    if not file.is_file():
        raise InputError(
            "the base model has no fast tokenizer",
            file=file,
            fix="save it with AutoTokenizer.from_pretrained(...).save_pretrained(folder)",
        )
    tokenizer = Tokenizer.from_file(str(file))

    def count(texts: list[str]) -> list[int]:
        return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]

    return count
