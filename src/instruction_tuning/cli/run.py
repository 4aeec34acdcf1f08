"""`kedro run` with all of Kedro's options, errors in plain words, and the run's report at the end."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import pipelines as registered_pipelines

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.errors import ConfigurationError

DEFAULT_RUNNER = "instruction_tuning.runner.InterruptibleRunner"
REPORT = "run_report"


def _run(**options: Any) -> None:
    """Run a pipeline; without a name the whole chain, from raw records to a reviewed model.

    `--params=data=<file or folder>` reads other raw records. `--params=candidate=<folder or
    models:/sft-model/7>` evaluates that model and trains nothing.
    """
    with plain_errors():
        outputs = kedro_run.callback(**complete(options))  # type: ignore[misc]
        if REPORT in outputs:
            click.echo(f"\n{outputs[REPORT].load()}")


def complete(options: dict[str, Any]) -> dict[str, Any]:
    """Kedro's options with this project's defaults and shorthands filled in."""
    names = [options["pipeline"]] if options["pipeline"] else list(options["pipelines"] or [])
    parameters = dict(options["params"] or {})
    if "data" in parameters:
        # Relative to where the user stands, not to the project.
        parameters["data"] = str(Path(str(parameters["data"])).expanduser().absolute())
    namespaces = options["namespaces"]
    if "candidate" in parameters:
        _require_evaluation(names, namespaces)
        names, namespaces = ["evaluation"], ["evaluation"]
        if not str(parameters["candidate"]).startswith("models:"):
            parameters["candidate"] = str(Path(str(parameters["candidate"])).expanduser().absolute())
    _require_registered(names)
    return options | {
        "pipeline": None,
        "pipelines": sorted(names),
        "params": parameters,
        "namespaces": namespaces,
        "runner": options["runner"] or DEFAULT_RUNNER,
    }


def _require_evaluation(names: list[str], namespaces: list[str]) -> None:
    others = sorted(({*names} | {*namespaces}) - {"evaluation"})
    if others:
        raise ConfigurationError(
            f"a candidate is given, but `{others[0]}` does more than evaluate it",
            field="candidate",
            fix="run `kedro run --pipeline=evaluation --params=candidate=...`",
        )


def _require_registered(names: list[str]) -> None:
    for name in names:
        if name not in registered_pipelines:
            close = get_close_matches(name, list(registered_pipelines), n=1)
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise ConfigurationError(
                f"there is no pipeline named `{name}`", fix=f"{hint}`kedro registry list` shows all"
            )


run = click.Command(name="run", params=kedro_run.params, callback=_run, help=_run.__doc__)
