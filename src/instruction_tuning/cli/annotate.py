"""`kedro annotate`: the page on which people rewrite, correct and review answers, until ctrl-C."""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.annotation.desk import NEXT_COMMAND, Desk
from instruction_tuning.annotation.exchange import Imported, export_annotations, import_annotations
from instruction_tuning.annotation.sampling import tasks_of
from instruction_tuning.annotation.server import AnnotationServer
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import InputError
from instruction_tuning.hooks.loopback import require_free_port
from instruction_tuning.incremental.contents import stored_versions
from instruction_tuning.text.counting import counted

TASKS, EVENTS = "annotation_tasks", "annotation_events"
_SHOWN_ASIDE = 5


@click.command()
@click.option("--port", default=8765, show_default=True, help="Port of the page.")
@click.option(
    "--export-to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write events and Label Studio's tasks to this folder, and serve nothing.",
)
@click.option(
    "--import-from",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add a JSON export of Label Studio, or exported events, and serve nothing.",
)
@env_option
def annotate(port: int, export_to: Path | None, import_from: Path | None, env: str | None) -> None:
    """Rewrite, correct and review answers on a page of this machine; ctrl-C stops it."""
    with plain_errors(stopped="Stopped."):
        with project_context(env) as context:
            project, catalog = context.project_path, context.catalog
            tasks, stored = catalog[TASKS], catalog[EVENTS]
        if import_from is None and export_to is None:
            # Before the file of annotations is opened: what is wrong here costs nothing.
            listed = _listed(tasks)
            fix = "stop what uses it, or give another: kedro annotate --port=<port>"
            require_free_port(port, setting="port", fix=fix)
            with AnnotationStore(stored.store_path) as store:
                _serve(store, listed, tasks, port, _token(project))
            return
        with AnnotationStore(stored.store_path) as store:
            if tasks.exists():
                store.list_tasks(tasks_of(tasks.load()))
            if import_from is not None:
                _report(import_annotations(store, import_from), import_from, project)
            if export_to is not None:
                for file in export_annotations(store, export_to):
                    click.echo(str(file))


def _listed(tasks: Any) -> list[Task]:
    make = f"make them: {NEXT_COMMAND}"
    if not tasks.exists():
        raise InputError("there are no tasks yet", file=tasks._filepath, fix=make)
    listed = tasks_of(tasks.load())
    if not listed:
        raise InputError(
            "the list of tasks is empty",
            file=tasks._filepath,
            field="annotation.tasks",
            fix=f"raise the numbers in conf/local/parameters_annotation.yml, then {make}",
        )
    return listed


def _serve(store: AnnotationStore, listed: list[Task], tasks: Any, port: int, token: str) -> None:
    store.list_tasks(listed)
    served = stored_versions(tasks)
    desk = Desk(store, tasks_changed=lambda: stored_versions(tasks) != served)
    with AnnotationServer(desk, port=port, token=token) as server:
        click.echo(f"{_progress(desk)}\nOpen {server.url}\nctrl-C stops it; all that was saved is kept.")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    click.echo(f"\nStopped. {_progress(desk)}\nThen: {NEXT_COMMAND}")


def _progress(desk: Desk) -> str:
    desk.board.refresh()
    all_kinds = desk.board.progress(None)["all"]
    return (
        f"{all_kinds['done']} of {counted(all_kinds['wanted'], 'annotation')} of "
        f"{counted(all_kinds['tasks'], 'task')} there."
    )


def _token(project: Path) -> str:
    """The same after a restart, so that an open page goes on; readable for the user alone."""
    file = project / "data" / ".work" / "annotation_token"
    with suppress(FileNotFoundError):
        if kept := file.read_text(encoding="ascii").strip():
            return kept
    token = secrets.token_urlsafe(24)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as stream:
        stream.write(token)
    return token


def _report(imported: Imported, file: Path, project: Path) -> None:
    click.echo(
        f"{counted(imported.added, 'annotation')} added, {imported.known} were there already, "
        f"{len(imported.aside)} set aside"
    )
    if not imported.aside:
        return
    target = project / "data" / ".work" / "annotation_set_aside" / f"{file.stem}.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(one), ensure_ascii=False) for one in imported.aside]
    target.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    for one in imported.aside[:_SHOWN_ASIDE]:
        click.echo(f"  {one.file}, task {one.task}, field {one.field or 'unknown'}: {one.reason}")
    click.echo(f"  all of them: {target}")
