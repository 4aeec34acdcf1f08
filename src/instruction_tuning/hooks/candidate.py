"""`--params=candidate=<folder or models:/sft-model/7>`: evaluate that model, train nothing."""

from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import ConfigurationError

CANDIDATE_DATASET = "sft_model"


class CandidateHooks:
    """Binds the catalog's `sft_model` to the candidate; refuses a pipeline that would train one."""

    def __init__(self) -> None:
        self._project_path = Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        self._project_path = context.project_path

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
            folder = download_version(name, version, self._project_path / REGISTRY_CACHE)
        else:
            folder = open_model_folder(str(candidate))
        catalog[CANDIDATE_DATASET] = ModelFolderDataset(filepath=folder.path.absolute().as_posix())

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        candidate = (run_params.get("runtime_params") or {}).get("candidate")
        if candidate is not None and CANDIDATE_DATASET in pipeline.all_outputs():
            raise ConfigurationError(
                f"a candidate is given, but the run would train a new {CANDIDATE_DATASET}",
                field="candidate",
                fix="run `kedro run --pipeline=evaluation --params=candidate=...`",
            )
