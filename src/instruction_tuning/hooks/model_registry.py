"""Model folders into the MLflow registry, and the verdict onto the version that it is about."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruction_tuning.datasets.registry_store import (
    CHALLENGER,
    CHAMPION,
    COMMAND_TAG,
    DATA_TAG,
    DIGEST_TAG,
    ORIGIN_TAG,
    RAW_FILE_TAG,
    STATUS_TAG,
)
from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    from mlflow import MlflowClient

STATUS_PENDING, STATUS_PASSED = "pending", "passed"
INCUMBENT_TAG = "incumbent"
_GAP = "&ensp;"


@dataclass(frozen=True)
class RegisteredVersion:
    """One version in the registry, the logged model behind it, and the digest of its model folder."""

    name: str
    version: str
    model_id: str | None
    digest: str | None = None


def log_model(
    client: "MlflowClient",
    experiment_id: str,
    run_id: str,
    name: str,
    folder: ModelFolder,
    parameters: Mapping[str, str],
) -> str:
    """Copy `folder` into MLflow as a logged model of run `run_id`; returns its model id."""
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(
        experiment_id,
        name=name,
        source_run_id=run_id,
        tags={DIGEST_TAG: folder.digest},
        params=dict(parameters),
        model_type=name,
    )
    try:
        client.log_model_artifacts(model.model_id, str(folder.path))
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    return str(model.model_id)


def register(
    client: "MlflowClient",
    name: str,
    model_id: str,
    run_id: str,
    *,
    card: str,
    tags: Mapping[str, str],
) -> RegisteredVersion:
    """A new version of registered model `name`, with the alias `challenger`."""
    _ensure_registered_model(client, name)
    version = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=run_id,
        tags=dict(tags),
        description=_description(card, tags),
        model_id=model_id,
    )
    # As `mlflow.register_model` does: the logged model's page finds its version by this tag alone.
    registered = json.dumps([{"name": version.name, "version": str(version.version)}])
    client.set_logged_model_tags(model_id, {"mlflow.modelVersions": registered})
    client.set_registered_model_alias(name, CHALLENGER, version.version)
    return RegisteredVersion(name, str(version.version), model_id, tags.get(DIGEST_TAG))


def find_version(client: "MlflowClient", name: str, digest: str) -> RegisteredVersion | None:
    """The newest version of `name` whose model folder had `digest`."""
    versions = [
        version
        for version in client.search_model_versions(f"name='{name}' AND tags.`{DIGEST_TAG}` = '{digest}'")
        if version.tags.get(DIGEST_TAG) == digest
    ]
    newest = max(versions, key=lambda version: int(version.version), default=None)
    return None if newest is None else _as_registered(newest)


def get_version(client: "MlflowClient", name: str, version: str) -> RegisteredVersion:
    """Version `version` of `name`."""
    return _as_registered(client.get_model_version(name, version))


def apply_verdict(
    client: "MlflowClient", target: RegisteredVersion, verdict: Mapping[str, Any], *, may_promote: bool
) -> str:
    """Tag the version with the verdict; a pass, and only a pass, moves the alias `champion` to it.

    The alias stays where it is without `may_promote`, and where the champion has the same weights already.
    Returns what became of it, in words.
    """
    passed = verdict["verdict"] == "pass"
    tags = {
        STATUS_TAG: STATUS_PASSED if passed else "failed",
        "verdict_reasons": "; ".join(str(reason) for reason in verdict.get("reasons", [])) or "none",
        INCUMBENT_TAG: str(verdict.get("incumbent", "")),
    }
    for key, value in tags.items():
        client.set_model_version_tag(target.name, target.version, key, value[:5000])
    champion = _aliased(client, target.name, CHAMPION)
    stays = "there is no champion" if champion is None else f"champion stays version {champion.version}"
    if not passed:
        return stays
    if champion is not None and _digest(client, target) == champion.tags.get(DIGEST_TAG, champion):
        return f"{stays}, whose weights are the same"
    if not may_promote:
        return f"{stays}; evaluation.promote=true makes this one the champion"
    client.set_registered_model_alias(target.name, CHAMPION, target.version)
    moved = "is now" if champion is None else f"moved from {champion.version} to"
    return f"champion {moved} {target.version}"


def stands_already(client: "MlflowClient", target: RegisteredVersion, verdict: Mapping[str, Any]) -> bool:
    """Whether the version's own verdict says more than this one.

    A champion that has passed against an earlier one is later compared with the base alone.
    """
    tags = client.get_model_version(target.name, target.version).tags
    is_weaker = bool(verdict.get("is_champion")) and verdict["verdict"] == "pass"
    return is_weaker and (tags.get(STATUS_TAG), tags.get(INCUMBENT_TAG)) == (STATUS_PASSED, CHAMPION)


def _digest(client: "MlflowClient", version: RegisteredVersion) -> str | None:
    digest: str | None = client.get_model_version(version.name, version.version).tags.get(DIGEST_TAG)
    return digest


def _aliased(client: "MlflowClient", name: str, alias: str) -> Any:
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def describe(client: "MlflowClient", target: RegisteredVersion, card: str) -> None:
    """The model card as the version's description: the registry's page shows no metrics of its own."""
    tags = client.get_model_version(target.name, target.version).tags
    client.update_model_version(target.name, target.version, description=_description(card, tags))


def provenance(tags: Mapping[str, str]) -> str:
    """Markdown: the command that made a version, and a table of the data versions behind it."""
    data = [
        (key.removeprefix(DATA_TAG), text.split())
        for key, text in sorted(tags.items())
        if key.startswith(DATA_TAG)
    ]
    lines = ["## Where it comes from", "", f"Made by `{tags.get(COMMAND_TAG, 'an unknown command')}`"]
    origins = [tags[key] for key in sorted(tags) if key.startswith(ORIGIN_TAG)]
    if origins:
        lines.append(f"from `{'`, `'.join(origins)}`")
    if data:
        lines += ["", "| data set | version | digest |", "|---|---|---|"]
    lines += [f"| {name} | {' '.join(words[:-1])} | `{words[-1]}` |" for name, words in data]
    raw = {key.removeprefix(RAW_FILE_TAG): tags[key] for key in sorted(tags) if key.startswith(RAW_FILE_TAG)}
    if raw:
        lines += ["", "| raw file | SHA-256 |", "|---|---|"]
    lines += [f"| {file} | `{sha256}` |" for file, sha256 in raw.items()]
    return "\n".join(lines)


def _description(card: str, tags: Mapping[str, str]) -> str:
    return spaced_tables(f"{card.rstrip()}\n\n{provenance(tags)}")


def spaced_tables(markdown: str) -> str:
    """`markdown` with space in front of table cells and below tables: MLflow's page leaves none."""
    lines: list[str] = []
    for line in markdown.split("\n"):
        if line.startswith("| "):
            line = line.replace(" | ", f" | {_GAP} ")
        elif lines and lines[-1].startswith("|") and not line.startswith("|"):
            lines += ["", _GAP]
        lines.append(line)
    return "\n".join(lines)


def _ensure_registered_model(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _as_registered(version: Any) -> RegisteredVersion:
    # Some stores drop `model_id`; `register` gave it as the source, too.
    scheme, _, model_id = str(version.source).partition("models:/")
    return RegisteredVersion(
        version.name,
        str(version.version),
        version.model_id or (None if scheme else model_id),
        version.tags.get(DIGEST_TAG),
    )
