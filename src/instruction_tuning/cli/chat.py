"""`kedro chat`: the base model and its newest fine-tuned version, side by side."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.named_model import open_named_model
from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.datasets.registry_store import SFT_MODEL
from instruction_tuning.lm.model_folder import ModelFolder

PROMPT = "you> "
NO_ANSWER = "(no answer)"
EXAMPLES_SEED = 0


@click.command()
@click.option(
    "--model", default=None, help=f"models:/{SFT_MODEL}/7 or a folder; default: the newest version."
)
@click.option("--max-new-tokens", default=128, show_default=True, help="The longest answer.")
@env_option
def chat(model: str | None, max_new_tokens: int, env: str | None) -> None:
    """Ask both models the same; one question a line, each a conversation of its own, an empty line ends."""
    with plain_errors(), project_context(env) as context:
        label, tuned = open_named_model(model, context.project_path)
        base = context.catalog.load("base_model")
        click.echo(greeting(base, context.project_path))
        answerers = {
            "base": answerer(base, max_new_tokens),
            label: answerer(tuned, max_new_tokens),
        }
        interactive = sys.stdin.isatty()
        with suppress(KeyboardInterrupt):
            while question := _ask(interactive):
                answer_all(question, answerers)


def greeting(base: ModelFolder, project_path: Path) -> str:
    """How to ask; of the shipped base model also what, as it knows only the invented world."""
    from instruction_tuning.cli.example_questions import example_questions, is_microworld_base

    lines = ["One question a line; an empty line ends."]
    if is_microworld_base(base, project_path):
        lines += [
            "The base model knows only the invented world (docs/microworld.md); anything else gets nonsense.",
            "Questions that it can be asked:",
            *(f"  {question}" for question in example_questions(EXAMPLES_SEED)),
        ]
    return "\n".join(lines) + "\n"


def answer_all(question: str, answerers: Mapping[str, Callable[[str], str]]) -> None:
    """Print what each of `answerers` says to `question`."""
    for name, answer in answerers.items():
        click.echo(f"{name}> {answer(question) or NO_ANSWER}")
    click.echo()


def _ask(interactive: bool) -> str:
    if interactive:
        click.echo(PROMPT, nl=False)
    question = sys.stdin.readline().strip()
    if question and not interactive:
        click.echo(f"{PROMPT}{question}")
    return question


def answerer(folder: ModelFolder, max_new_tokens: int) -> Callable[[str], str]:
    """A function from a question to the model's greedy answer; plain continuation without a chat template."""
    from instruction_tuning.chat_format.loss_mask import prompt_ids
    from instruction_tuning.lm.loading import load_model, load_tokenizer
    from instruction_tuning.lm.local import generate

    tokenizer, model = load_tokenizer(folder), load_model(folder, "causal")

    def answer(question: str) -> str:
        if tokenizer.chat_template:
            ids = prompt_ids(tokenizer, [{"role": "user", "content": question}])
        else:
            ids = tokenizer(question)["input_ids"]
        return generate(model, tokenizer, [ids], None, max_new_tokens)[0].strip()

    return answer
