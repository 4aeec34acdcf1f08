"""`kedro export MODEL FOLDER`: a model version as a folder to serve, and the lines that serve it."""

import json
import shlex
from pathlib import Path

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.named_model import open_named_model, registered_version
from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context


@click.command()
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default=None,
    help="Format of the weights; default: as they are.",
)
@click.option(
    "--base",
    type=click.Path(path_type=Path),
    default=None,
    help="Of an adapter: its base model's folder; default: the one that the adapter names.",
)
@env_option
def export(model: str, folder: Path, dtype: str | None, base: Path | None, env: str | None) -> None:
    """Write MODEL (models:/sft-model/7, models:/sft-model@champion or a folder) to the new FOLDER.

    An adapter is merged; tokenizer, chat template, card, licence and provenance go along. The export's
    logits are compared with MODEL's before it gets its name.
    """
    from instruction_tuning.lm.model_folder import open_model_folder
    from instruction_tuning.training.export import export_model

    with plain_errors(), project_context(env) as context:
        label, source = open_named_model(model, context.project_path)
        exported = export_model(
            source,
            folder.expanduser().absolute(),
            dtype=dtype,
            base=None if base is None else open_model_folder(base.expanduser()),
            card=_card(model),
        )
        click.echo(
            f"{label} is in {exported.folder.path} ({exported.dtype}, digest {exported.folder.digest}); "
            f"logits differ by at most {exported.logit_difference:.1e} of the largest one"
        )
        click.echo("\n".join(serving_lines(exported.folder.path)))


def _card(model: str) -> str | None:
    """The card that the evaluation wrote for a registered version."""
    from instruction_tuning.datasets.registered_model import version_description

    found = registered_version(model)
    return None if found is None else version_description(*found)


def serving_lines(folder: Path, *, port: int = 8000) -> list[str]:
    """How to serve `folder` and how to ask the server. Both know the model by the path as it is given."""
    path = shlex.quote(str(folder))
    request = {
        "model": str(folder),
        "messages": [{"role": "user", "content": "What is 7 plus 5?"}],
        "max_tokens": 64,
    }
    return [
        "Serve it with one of:",
        f"  transformers serve {path} --port {port}",
        f"  vllm serve {path} --port {port}",
        "Ask it:",
        f"  curl http://127.0.0.1:{port}/v1/chat/completions -H 'Content-Type: application/json' "
        f"-d {shlex.quote(json.dumps(request))}",
    ]
