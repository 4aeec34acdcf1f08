"""`kedro run` with all of Kedro's options, errors in plain words, and the run's report at the end."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import pipelines as registered_pipelines

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.result import model_lines, result_lines
from instruction_tuning.cli.stages import outermost, pipelines_with, require_stages
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.incremental.contents import current_version
from instruction_tuning.incremental.live import newest_run
from instruction_tuning.pipeline_registry import REPORTING

DEFAULT_RUNNER = "instruction_tuning.runner.InterruptibleRunner"
REPORT = "run_report"
# What a user may name on the command line in place of a catalog entry's path.
PATHS = {"answers", "data", "documents", "other_answers"}
NAMES_SOMETHING = (*sorted(PATHS), "candidate", "seed_tasks")
# What else takes parts of a pipeline: the names that it is given may be of any stage.
OTHER_FILTERS = ("from_inputs", "to_outputs", "from_nodes", "to_nodes", "node_names", "tags")
NO_PLAN = "There is no plan: an input of the run is not in the catalog."
REPORT_NODE = f"{REPORTING}.write_run_report"


def _run(**options: Any) -> None:
    """Run a pipeline; without a name the whole chain, from raw records to a reviewed model.

    `--params=data=<file, folder or hub:owner/name>` reads other raw records. `--params=candidate=<folder or
    models:/sft-model/7>` evaluates that model and trains nothing.

    A node runs when its code, its parameters, or the content of its inputs have changed, or an output is
    missing; of all others the stored outputs are taken.
    """
    with plain_errors():
        completed = complete(options)
        outputs = kedro_run.callback(**completed)  # type: ignore[misc]
        run = newest_run() if completed["runner"] == DEFAULT_RUNNER else None
        if run is not None and run.dry_run:
            click.echo(f"\n{run.plan.render() if run.plan else NO_PLAN}")
        elif REPORT in outputs:
            click.echo(f"\n{outputs[REPORT].load()}")
            if run is not None and run.is_reused(REPORT_NODE):
                click.echo(f"\nThis is the stored report of {current_version(outputs[REPORT])}.")
            for line in model_lines({} if run is None else run.stored_outputs()):
                click.echo(line)
        elif lines := list(result_lines(outputs, {} if run is None else run.stored_outputs())):
            click.echo("\n" + "\n".join(lines))
        for line in [] if run is None else run.last_words:
            click.echo(line)
        if run is not None and run.failure is not None:
            raise run.failure


def complete(options: dict[str, Any]) -> dict[str, Any]:
    """Kedro's options with this project's defaults and shorthands filled in."""
    options = dict(options)
    names = [options["pipeline"]] if options["pipeline"] else list(options["pipelines"] or [])
    parameters = dict(options["params"] or {})
    _require_values(parameters)
    for name in PATHS & parameters.keys():
        # Relative to where the user stands, not to the project.
        from instruction_tuning.canonical.hub_files import is_hub_name

        place = str(parameters[name])
        parameters[name] = place if is_hub_name(place) else str(Path(place).expanduser().absolute())
    namespaces = options["namespaces"]
    if "candidate" in parameters:
        _require_evaluation(names, namespaces)
        names, namespaces = ["evaluation"], ["evaluation"]
        if not str(parameters["candidate"]).startswith("models:"):
            parameters["candidate"] = str(Path(str(parameters["candidate"])).expanduser().absolute())
    _require_registered(names)
    if namespaces:
        if not names and not any(options.get(name) for name in OTHER_FILTERS):
            names = pipelines_with(namespaces)
        namespaces = outermost(namespaces)
        require_stages(namespaces, names or ["__default__"])
    force, dry_run = bool(options.pop("force", False)), bool(options.pop("dry_run", False))
    if dry_run and options["runner"] not in (None, DEFAULT_RUNNER):
        raise ConfigurationError(
            f"{options['runner']} makes no plan: it runs every node",
            field="dry-run",
            fix="leave out --runner",
        )
    if options["runner"] in (None, DEFAULT_RUNNER):
        options = options | {
            "runner_params": {**(options.get("runner_params") or {})} | _given(force, dry_run)
        }
    return options | {
        "pipeline": None,
        "pipelines": sorted(names),
        "params": parameters,
        "namespaces": namespaces,
        "runner": options["runner"] or DEFAULT_RUNNER,
    }


def _require_values(parameters: dict[str, Any]) -> None:
    """An empty one, as from a shell's variable that is not set, would be the path `None`."""
    for name in NAMES_SOMETHING:
        if name in parameters and parameters[name] in (None, ""):
            raise ConfigurationError(
                f"`--params={name}=` names nothing",
                field=name,
                fix=f"write --params={name}=<path>, or leave it out",
            )


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


def _given(force: bool, dry_run: bool) -> dict[str, bool]:
    return {name: True for name, given in (("force", force), ("dry_run", dry_run)) if given}


_INCREMENTAL_OPTIONS: list[click.Parameter] = [
    click.Option(["--force"], is_flag=True, help="Run every node, whatever is stored."),
    click.Option(["--dry-run"], is_flag=True, help="Print what would run, why and how long; run nothing."),
]

run = click.Command(
    name="run", params=[*kedro_run.params, *_INCREMENTAL_OPTIONS], callback=_run, help=_run.__doc__
)
