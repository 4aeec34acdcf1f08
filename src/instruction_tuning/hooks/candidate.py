"""`--params=candidate=<folder or models:/sft-model/7>`: evaluate that model, train nothing."""

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.datasets.registry_store import SFT_MODEL
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.tracking_settings import read_tracking
from instruction_tuning.lm.model_files import CONFIGURATIONS, read_json
from instruction_tuning.lm.model_folder import ModelFolder

CANDIDATE_DATASET = "sft_model"
_SCORER = "ForSequenceClassification"


class CandidateHooks:
    """Binds the catalog's `sft_model` to the candidate: a folder, or a version of any model of ours."""

    def __init__(self) -> None:
        self._project_path = Path()
        self._registered_names = [SFT_MODEL]

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._project_path = context.project_path
        tracked = read_tracking(context.config_loader).models.values()
        self._registered_names = [tracking.registered_name for tracking in tracked] or [SFT_MODEL]

    @hook_impl
    def after_catalog_created(self, catalog: CatalogProtocol[Any, Any], parameters: dict[str, Any]) -> None:
        candidate = parameters.get("params:candidate")
        if candidate is None:
            return
        from instruction_tuning.datasets.model_folder import ModelFolderDataset
        from instruction_tuning.datasets.registered_model import (
            REGISTRY_CACHE,
            download_version,
            resolve_model_uri,
        )
        from instruction_tuning.lm.model_folder import open_model_folder

        if str(candidate).startswith("models:"):
            name, version = resolve_model_uri(str(candidate))
            if name not in self._registered_names:
                raise ConfigurationError(
                    f"`{candidate}` is no version of {' or '.join(self._registered_names)}",
                    field="candidate",
                    fix=f"write models:/{self._registered_names[0]}/<version>, or the path of a model folder",
                )
            folder = download_version(name, version, self._project_path / REGISTRY_CACHE)
        else:
            folder = open_model_folder(newest_inside(Path(str(candidate))))
        require_language_model(folder)
        catalog[CANDIDATE_DATASET] = ModelFolderDataset(filepath=folder.path.absolute().as_posix())


def refuse_to_train_a_candidate(run_params: dict[str, Any], pipeline: Pipeline) -> None:
    """Raise `ConfigurationError` where a candidate is given and `pipeline` would train another."""
    candidate = (run_params.get("runtime_params") or {}).get("candidate")
    if candidate is not None and CANDIDATE_DATASET in pipeline.all_outputs():
        raise ConfigurationError(
            f"a candidate is given, but the run would train a new {CANDIDATE_DATASET}",
            field="candidate",
            fix="run `kedro run --pipeline=evaluation --params=candidate=...`",
        )


def newest_inside(folder: Path) -> Path:
    """The model itself where `folder` is that of a versioned data set, or of one version of it.

    A catalog keeps a model as `sft_model/<time>/sft_model`; people name the part that they see in a report.
    """
    if not folder.is_dir() or any((folder / name).is_file() for name in CONFIGURATIONS):
        return folder
    for pattern in (f"*/{folder.name}", "*"):
        inside = sorted(
            model
            for model in folder.glob(pattern)
            if any((model / name).is_file() for name in CONFIGURATIONS)
        )
        # Names of versions are times; of models side by side nobody can tell which one is meant.
        if inside and (pattern != "*" or len(inside) == 1):
            return inside[-1]
    return folder


def require_language_model(folder: ModelFolder) -> None:
    """Raise `ConfigurationError` for a reward model: it gives scores and writes no text."""
    for name in read_json(folder.path / "config.json").get("architectures") or ():
        if str(name).endswith(_SCORER):
            raise ConfigurationError(
                f"the candidate is a reward model ({name}), which writes no answers",
                file=folder.path,
                field="candidate",
                fix=f"name a fine-tuned model: models:/{SFT_MODEL}/<version>, or its folder",
            )
