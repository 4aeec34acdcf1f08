"""A model as it is named on the command line: a folder, `models:/sft-model/7`, an alias, or nothing."""

from pathlib import Path

from instruction_tuning.datasets.registry_store import SFT_MODEL
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder


def registered_version(model: str | None) -> tuple[str, str] | None:
    """Registered name and version; null for a folder. Nothing named is the newest version of `sft-model`."""
    from instruction_tuning.datasets.registered_model import newest_version, resolve_model_uri

    if model is not None and not model.startswith("models:"):
        return None
    if model is not None:
        return resolve_model_uri(model)
    newest = newest_version(SFT_MODEL)
    if newest is None:
        raise ConfigurationError(
            f"no version of {SFT_MODEL} is registered yet",
            fix="train one: kedro run --pipeline=sft",
        )
    return SFT_MODEL, newest


def open_named_model(model: str | None, project_path: Path) -> tuple[str, ModelFolder]:
    """What to call it, and its folder; a version on a server is fetched into `data/.work/registry`."""
    from instruction_tuning.datasets.registered_model import REGISTRY_CACHE, download_version
    from instruction_tuning.lm.model_folder import open_model_folder

    found = registered_version(model)
    if found is None:
        assert model is not None
        return Path(model).name, open_model_folder(Path(model).expanduser())
    name, version = found
    return f"{name} version {version}", download_version(name, version, project_path / REGISTRY_CACHE)
