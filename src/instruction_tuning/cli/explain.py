"""`kedro explain RECORD` and `kedro explain models:/sft-model/7`: where things come from, where they went."""

import json
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.datasets.annotation_events import AnnotationEventsDataset
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.incremental.records import Execution, ExecutionRecords, StoredState
from instruction_tuning.lineage.data_set import data_set_story
from instruction_tuning.lineage.membership import ModelContents, ModelRecords, bases_of
from instruction_tuning.lineage.model import model_story
from instruction_tuning.lineage.naming import READ, Named, find_record
from instruction_tuning.lineage.provenance import Chain, chain_of
from instruction_tuning.lineage.record import RecordStory
from instruction_tuning.lineage.registry import RegisteredModel, find_model, registered_models
from instruction_tuning.lineage.store import DataStore
from instruction_tuning.lineage.takedown import is_trained_on, rows_in_model_and_bases, summary_of
from instruction_tuning.lineage.wording import data_set_text, model_text, record_text

EXIT_NOT_IN_MODEL = 3


@dataclass(frozen=True)
class Stored:
    """All that an explanation is made from."""

    store: DataStore
    executions: list[Execution]
    models: list[RegisteredModel]
    annotations: AnnotationEventsDataset

    def contents(self, only: Collection[str] | None = None) -> list[ModelRecords]:
        """What each registered version was trained on; of the records in `only`, where given."""
        reader = ModelContents(self.store, self.executions)
        return [reader.of(model, only) for model in self.models]

    def chain(self, anchors: dict[str, StoredState], until: str | None = None) -> Chain:
        """The versions that belong to `anchors`; see `chain_of`."""
        return chain_of(self.executions, anchors, self.store, until)


def stored(env: str | None) -> Stored:
    """The project's data, records and registry. ConfigurationError where data lie elsewhere than here."""
    with project_context(env) as context:
        catalog = context.config_loader["catalog"]
        store = DataStore.of(catalog, context.project_path)
        events = context.project_path / catalog["annotation_events"]["filepath"]
    _require_here(catalog)
    return Stored(
        store,
        ExecutionRecords(store.data).all(),
        registered_models(os.environ["MLFLOW_TRACKING_URI"]),
        AnnotationEventsDataset(filepath=str(events)),
    )


def _require_here(catalog: Mapping[str, Any]) -> None:
    """An account with a gap in it could deny what a model was trained on, or let go what one needs."""
    elsewhere = [
        name
        for name, entry in catalog.items()
        if isinstance(entry, Mapping) and entry.get("versioned") and "://" in str(entry.get("filepath"))
    ]
    if elsewhere:
        raise ConfigurationError(
            f"explain and prune read versions on this disk alone, and {', '.join(elsewhere)} "
            f"{'lies' if len(elsewhere) == 1 else 'lie'} elsewhere",
            file="conf/local/catalog.yml",
            fix="copy all their versions here (aws s3 sync, gsutil rsync), and take the entries out",
        )


@click.command()
@click.argument("name")
@click.option("--model", default=None, help="Explain RECORD in the data behind models:/sft-model/7.")
@click.option("--version", default=None, help="In the data around one version: instruction_pool=<version>.")
@click.option(
    "--source", default=None, help="With a model: which rows of this source (name, file or digest)."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with nothing left out.")
@env_option
def explain(
    name: str, model: str | None, version: str | None, source: str | None, as_json: bool, env: str | None
) -> None:
    """Print where NAME comes from and what became of it.

    NAME is a record_id or its first digits, a source_row_id, file.json:ROW (from 1), a response_id, a
    registered model version, models:/sft-model/7, or a data set of the catalog. With --source the exit code
    is 3 when no row is in the model.
    """
    with plain_errors():
        data = stored(env)
        if name.startswith("models:"):
            about = find_model(name, data.models)
            if source is not None:
                sys.exit(_tell_source(about, source, data, as_json=as_json))
            contents = data.contents()
            own = next(records for records in contents if records.model == about)
            story = model_story(own, contents, data.store, data.executions)
            click.echo(_as_json(story) if as_json else model_text(story))
            return
        if source is not None:
            raise ConfigurationError("--source asks about a model", fix="name one: models:/sft-model/7")
        if name in data.store.places:
            made = data_set_story(name, _version_of(name, version, data.store), data.store, data.executions)
            click.echo(_as_json(made) if as_json else data_set_text(made))
            return
        chain, named = _find(name, model, version, data)
        told = RecordStory(named, data.store, chain, data.annotations.load()).tell(data.contents)
        click.echo(_as_json(told) if as_json else record_text(told))


def _find(name: str, model: str | None, version: str | None, data: Stored) -> tuple[Chain, Named]:
    """The record in the versions that were asked for, else in the newest, else in any older ones."""
    if model is not None:
        about = find_model(model, data.models)
        chain = data.chain(about.data, about.registered_at)
        return chain, find_record(name, data.store, chain)
    if version is not None:
        dataset, _, wanted = version.partition("=")
        if data.store.path(dataset, wanted) is None:
            raise ConfigurationError(
                f"there is no such version: {version}", fix=_known_versions(dataset, data.store)
            )
        chain = data.chain({dataset: StoredState("unknown", wanted)})
        return chain, find_record(name, data.store, chain)
    versions = data.store.versions(READ[0])
    if not versions:
        raise InputError("no records were read yet", fix="kedro run --pipeline=ingestion")
    first_error: InputError | None = None
    for wanted in reversed(versions):
        chain = data.chain({READ[0]: StoredState("unknown", wanted)})
        try:
            return chain, find_record(name, data.store, chain)
        except InputError as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def _version_of(name: str, version: str | None, store: DataStore) -> str:
    """The one that `version` names (`name=version`), else the newest."""
    wanted = store.newest(name) if version is None else version.removeprefix(f"{name}=")
    if wanted is None or store.path(name, wanted) is None:
        raise ConfigurationError(
            f"there is no such version of {name}: {wanted or 'it was never made'}",
            fix=_known_versions(name, store),
        )
    return wanted


def _known_versions(dataset: str, store: DataStore) -> str:
    if dataset not in store.places:
        return f"name one of {', '.join(store.places)}"
    return f"name one of {', '.join(store.versions(dataset)) or 'none'}"


def _tell_source(about: RegisteredModel, source: str, data: Stored, *, as_json: bool) -> int:
    contents = data.contents()
    own = next(one for one in contents if one.model == about)
    found = rows_in_model_and_bases(source, own, bases_of(own, contents), data.store)
    others, unknown = {}, {}
    for records in contents:
        if records.model == about:
            continue
        uri = f"models:/{records.model.name}/{records.model.version}"
        try:
            rows = rows_in_model_and_bases(source, records, bases_of(records, contents), data.store)
            others[uri] = summary_of(rows)
        except InputError as error:
            unknown[uri] = error.problem
    if as_json:
        told = {"model": str(about), "rows": found.to_dict("records"), "others": others, "unknown": unknown}
        click.echo(_as_json(told | {"not_known": own.not_known}))
    else:
        click.echo(f"{about}: {found['source_row_id'].nunique()} rows of {source}")
        for what, count in summary_of(found).items():
            click.echo(f"  {what}: {count}")
        for what in own.not_known:
            click.echo(f"  not known, so counted as trained on: {what}")
        for uri, counts in others.items():
            listed = "; ".join(f"{what}: {count}" for what, count in counts.items()) or "none"
            click.echo(f"  also {uri}: {listed}")
        for uri, reason in unknown.items():
            click.echo(f"  also {uri}: {reason}")
        for row in found.to_dict("records"):
            of = "" if row["record_id"] == row["trained_record_id"] else f" of {row['trained_record_id']}"
            through = f"{row['through']}{of}"
            click.echo(
                f"{row['source_row_id']}  {row['record_id']}  {row['part']}  {through}  {row['used_as']}"
            )
    return 0 if is_trained_on(found) else EXIT_NOT_IN_MODEL


def _as_json(story: object) -> str:
    return json.dumps(story, ensure_ascii=False, indent=2, default=str)
