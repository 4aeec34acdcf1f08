"""`kedro prune`: old versions of data and models that nothing needs, listed, and deleted only if told to."""

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.explain import Stored, stored
from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.datasets.registry_store import DIGEST_TAG
from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.live import CACHE_FILE
from instruction_tuning.incremental.node_key import WORK_FOLDER
from instruction_tuning.incremental.records import ExecutionRecords
from instruction_tuning.lineage.data_lock import hold_for_deleting
from instruction_tuning.lineage.leftovers import how_to_delete, leftovers
from instruction_tuning.lineage.registry import without_a_trace
from instruction_tuning.lineage.removal import remove
from instruction_tuning.lineage.retention import (
    NOT_AS_RECORDED,
    RetentionPlan,
    kept_by,
    recorded,
    retention_plan,
)
from instruction_tuning.lm.model_folder import open_model_folder

_MEGABYTE = 1_000_000


@click.command()
@click.option("--keep-last", default=1, show_default=True, help="Newest versions of every data set to keep.")
@click.option("--keep-days", default=None, type=float, help="Keep versions that are younger.")
@click.option("--delete", is_flag=True, help="Delete what is listed; asks nothing.")
@click.option("--unregistered", is_flag=True, help="Let go what the registry has never heard of, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, the versions that stay included.")
@env_option
def prune(
    keep_last: int,
    keep_days: float | None,
    delete: bool,
    unregistered: bool,
    as_json: bool,
    env: str | None,
) -> None:
    """List versions that no registered model needs and that are not the newest; --delete removes them.

    Raw data, base models and what MLflow keeps are never touched.
    """
    with plain_errors():
        data = stored(env)
        if not delete:
            _tell(_plan(data, keep_last, keep_days), data, deleted=False, as_json=as_json)
            return
        with hold_for_deleting(data.store.data):
            # Read anew: a run may have ended between the first look and the lock.
            data = stored(env)
            if not unregistered:
                _require_registry(data)
            plan = _plan(data, keep_last, keep_days)
            remove(plan, data.store, ExecutionRecords(data.store.data))
        _tell(plan, data, deleted=True, as_json=as_json)


def _plan(data: Stored, keep_last: int, keep_days: float | None) -> RetentionPlan:
    cache = DigestCache(data.store.project.joinpath(*WORK_FOLDER, CACHE_FILE), data.store.project)
    plan = retention_plan(
        data.store,
        data.executions,
        data.models,
        keep_last=keep_last,
        keep_days=keep_days,
        now=datetime.now(UTC),
        is_whole=recorded(data.store, data.executions, cache.path_digest),
    )
    cache.save()
    return plan


def _unknown_models(data: Stored) -> list[tuple[str, str]]:
    found = without_a_trace(data.executions, data.models, os.environ["MLFLOW_TRACKING_URI"])
    there = [(one, path) for one in found if (path := data.store.path(*one)) is not None]
    # The same weights once more, as a forced run makes them, get no second version.
    known = {model.tags.get(DIGEST_TAG) for model in data.models} if there else set()
    return [one for one, path in there if _weights(path) not in known]


def _weights(folder: Path) -> str:
    """Their digest; empty for a broken copy, which is nothing that the registry knows."""
    try:
        return open_model_folder(folder).digest
    except ModelFolderError:
        return ""


def _require_registry(data: Stored) -> None:
    """The registry does not travel with the data: what its models need would look like what nothing needs."""
    if unknown := _unknown_models(data):
        raise ConfigurationError(
            f"the registry at {os.environ['MLFLOW_TRACKING_URI']} has never heard of models that were "
            f"registered here: {', '.join(' '.join(one) for one in unknown)}",
            fix="point MLFLOW_TRACKING_URI to the store that has them; to let them go, add --unregistered",
        )


def _tell(plan: RetentionPlan, data: Stored, *, deleted: bool, as_json: bool) -> None:
    store = os.environ["MLFLOW_TRACKING_URI"]
    left = leftovers(store, data.models)
    if as_json:
        told = {
            "deleted": deleted,
            "removable": [{"name": n, "version": v, "bytes": size} for (n, v), size in plan.removable],
            "kept": [
                {"name": k.version[0], "version": k.version[1], "because": k.reasons} for k in plan.kept
            ],
            "records": [f"{node}/{key}" for node, key in plan.records],
            "unregistered": [{"name": name, "version": version} for name, version in _unknown_models(data)],
            "mlflow_leftovers": [asdict(one) for one in left],
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for (name, version), size in plan.removable:
        click.echo(f"{name}  {version}  {size / _MEGABYTE:.2f} MB")
    verb = "deleted" if deleted else "may go (--delete removes them)"
    click.echo(f"{len(plan.removable)} versions, {plan.removable_bytes / _MEGABYTE:.2f} MB {verb}")
    for kept in plan.kept:
        if NOT_AS_RECORDED in kept.reasons:
            click.echo(f"{' '.join(kept.version)} is {NOT_AS_RECORDED}: a broken copy? delete it yourself")
    for reason, count in kept_by(plan).items():
        click.echo(f"kept for {reason}: {count}")
    for name, version in [] if deleted else _unknown_models(data):
        click.echo(f"the registry has never heard of {name} {version}: --delete asks for --unregistered")
    for one in left:
        size_told = "" if one.bytes is None else f", {one.bytes / _MEGABYTE:.2f} MB"
        click.echo(f"in MLflow, used by no registered version: {one.model_id}{size_told}")
    if left:
        click.echo(f"to delete: {how_to_delete(left, store)}")
