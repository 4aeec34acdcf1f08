"""`kedro check DATA`: what a run would find in a file, without running anything."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import InputError

if TYPE_CHECKING:
    from instruction_tuning.canonical.cleaning import ReadingRules


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@env_option
def check(data: Path, env: str | None) -> None:
    """Dry run on DATA, a file or a folder: format, good and bad rows, tokens, truncation, cost."""
    from instruction_tuning.canonical.dry_run import PriceAssumptions, dry_run

    with plain_errors(), project_context(env) as context:
        parameters = context.params
        answers = parameters["answer_generation"]
        teacher = context.catalog.load("teacher")
        report = dry_run(
            data.expanduser(),
            token_counter(context.catalog.load("base_model").path),
            max_length_tokens=parameters["sft"].max_length,
            prices=PriceAssumptions(
                price_per_million_input_tokens=teacher.price_per_million_input_tokens,
                price_per_million_output_tokens=teacher.price_per_million_output_tokens,
                samples_per_record=answers.num_samples,
            ),
            rules=_reading_rules(parameters["ingestion"]),
        )
        click.echo(report.render())


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


def _reading_rules(ingestion: Any) -> "ReadingRules":
    from instruction_tuning.canonical.cleaning import ReadingRules

    return ReadingRules(
        format=ingestion.format,
        require_answer=ingestion.require_answer,
        max_characters=ingestion.max_characters,
        input_placeholders=frozenset(ingestion.input_placeholders),
        answer_placeholders=frozenset(ingestion.answer_placeholders),
    )
