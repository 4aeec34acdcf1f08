"""What can be known before the expensive work starts is checked before it starts."""

import logging
import os
import tempfile
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import ConfigurationError, InputError, WorkspaceError
from instruction_tuning.hooks.trainable_base import check_trainable
from instruction_tuning.lm.protocol import Endpoint

logger = logging.getLogger(__name__)

TEACHER_DATASET = "teacher"
TEACHER_PARAMETERS = "params:answer_generation"
SFT_PARAMETERS = "params:sft"
BASE_MODEL_DATASET = "base_model"
# The base_url that asks for the project's own teacher.
MICROWORLD = "microworld"


class PreflightHooks:
    """Inputs there and readable, `data/` writable, the base model one that can be fine-tuned as asked, the
    teacher's endpoint answering and taking the key.
    """

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        from instruction_tuning.hooks.incremental_plan import nodes_that_may_run

        # A node that is not run needs no input, no teacher and no place to write to.
        stored = pipeline.all_outputs()
        pipeline = nodes_that_may_run(run_params, pipeline)
        for name in sorted(pipeline.inputs() - stored):
            check_input(name, catalog)
        if pipeline.nodes:
            check_writable(Path(run_params["project_path"]) / "data", pipeline, catalog)
        if fine_tunes(pipeline) and BASE_MODEL_DATASET in pipeline.inputs():
            check_trainable(catalog.load(BASE_MODEL_DATASET), catalog.load(SFT_PARAMETERS))
        if needs_teacher(pipeline, catalog):
            check_teacher(catalog.load(TEACHER_DATASET))


def check_input(name: str, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise unless the free input `name` has a catalog entry or parameter and something behind it."""
    if name not in catalog:
        close = get_close_matches(name, catalog.keys(), n=1)
        kind = "parameter" if name.startswith("params:") else "catalog entry"
        raise ConfigurationError(
            f"the run needs `{name}`, and there is no such {kind}",
            field=name.removeprefix("params:"),
            fix=f"add it to conf/base{f'; did you mean `{close[0]}`?' if close else ''}",
        )
    if name == "parameters" or name.startswith("params:"):
        return
    dataset = catalog[name]
    path = getattr(dataset, "_filepath", None)
    if not dataset.exists():
        raise InputError(f"the run needs `{name}`, and it is not there", file=path, fix=_origin(name))
    if path is not None:
        _check_readable(dataset, Path(path))


def _check_readable(dataset: Any, path: Path) -> None:
    """Load what comes from outside: files by content, folders of models and raw data by what lies in them."""
    try:
        if getattr(dataset, "_version", None) is None:
            dataset.load()
    except PermissionError as error:
        raise InputError(
            "the file cannot be read", file=error.filename or path, fix="make it readable for you"
        ) from error


def _origin(name: str) -> str:
    makers = [
        stage
        for stage, pipeline in pipelines.items()
        if stage != "__default__" and name in pipeline.all_outputs()
    ]
    if not makers:
        return (
            "check the path in conf/base/globals.yml or conf/base/catalog_raw.yml, or give --params=data=..."
        )
    maker = min(makers, key=lambda stage: len(pipelines[stage].nodes))
    return f"make it first: kedro run --pipeline={maker}"


def check_writable(data: Path, pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise `WorkspaceError` unless working state and every output can be written."""
    work = data / ".work"
    try:
        work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=work):
            pass
    except OSError as error:
        raise WorkspaceError(
            f"the data folder cannot be written: {error.strerror}",
            file=error.filename or work,
            fix="make it writable for you, or copy the project to a disk that is",
        ) from error
    for name in sorted(pipeline.all_outputs()):
        path = getattr(catalog.get(name), "_filepath", None) if name in catalog else None
        if path is None:
            continue
        folder = next(parent for parent in Path(path).absolute().parents if parent.exists())
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise WorkspaceError(
                f"`{name}` cannot be saved", file=folder, fix="make the folder writable for you"
            )


def needs_teacher(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> bool:
    """Whether a node of `pipeline` will really send requests to the teacher."""
    if not any(TEACHER_DATASET in node.inputs for node in pipeline.nodes):
        return False
    if TEACHER_PARAMETERS not in catalog:
        return True
    return getattr(catalog.load(TEACHER_PARAMETERS), "strategy", "teacher") == "teacher"


def fine_tunes(pipeline: Pipeline) -> bool:
    """Whether a node of `pipeline` brings chats into the base model's form, as fine-tuning does."""
    return any({BASE_MODEL_DATASET, SFT_PARAMETERS} <= set(node.inputs) for node in pipeline.nodes)


def check_teacher(endpoint: Endpoint) -> None:
    """Ask a user's endpoint for something free; the microworld's own teacher is started later."""
    if endpoint.base_url == MICROWORLD:
        return
    from instruction_tuning.lm.openai_endpoint import check_endpoint

    check_endpoint(endpoint)
    logger.info("the teacher answers at %s", endpoint.address)
