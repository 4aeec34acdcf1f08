"""What can be known before the expensive work starts is checked before it starts."""

import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.validation.exceptions import DataValidationError

from instruction_tuning.datasets.remote import is_remote
from instruction_tuning.errors import ConfigurationError, InputError, WorkspaceError
from instruction_tuning.hooks.answer_source import (
    BASE_MODEL_DATASET,
    DOCUMENTS_DATASET,
    MICROWORLD,
    RAW_DATASET,
    SEED_TASKS_DATASET,
    TEACHER,
    TEACHER_KEY,
    TEACHER_PARAMETERS,
    check_ratings_will_come,
    check_teacher_knows,
    endpoints_of,
    named_endpoints,
    needs_teacher,
    what_is_used,
)
from instruction_tuning.hooks.built_in_teacher import check_built_in_teacher
from instruction_tuning.hooks.candidate import CANDIDATE_DATASET
from instruction_tuning.hooks.incremental_plan import nodes_that_may_run
from instruction_tuning.hooks.schema_faults import schema_fault
from instruction_tuning.hooks.stored_inputs import stored_inputs
from instruction_tuning.hooks.trainable_base import check_trainable
from instruction_tuning.incremental.contents import is_versioned
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.lm.model_names import require_different_models, require_one_address, warn_of_no_name
from instruction_tuning.lm.protocol import Endpoint

logger = logging.getLogger(__name__)

SFT_PARAMETERS = "params:sft"
EVALUATION_DATA = "params:evaluation_data"
POOL_EMBEDDINGS = "params:pool_embeddings"
# What to do about an input that no pipeline makes and that is not there.
_FIXES = {
    RAW_DATASET: "name a file or a folder: --params=data=<path>, or `raw_data` in conf/local/globals.yml",
    DOCUMENTS_DATASET: "name a file or a folder: --params=documents=<path>",
    "raw_answers": "name two files: --params=answers=<path>,other_answers=<path>",
    "raw_other_answers": "name the second file that answers the same prompts: --params=other_answers=<path>",
    SEED_TASKS_DATASET: "name a file of seed tasks: --params=seed_tasks=<path>",
    BASE_MODEL_DATASET: "set `base_model` in conf/local/globals.yml to a folder that `from_pretrained` reads",
}


def check_before_run(
    run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
) -> None:
    """Inputs and evaluation sets there and readable, `data/` writable, the base model one that can be
    fine-tuned as asked, the teacher and the judge ones for these records, their endpoints answering and
    taking the keys.
    """
    project = Path(run_params["project_path"])
    if used := what_is_used(pipeline, catalog, project):
        logger.info("%s", used)
    if stored := stored_inputs(pipeline, catalog):
        logger.info("stored by earlier runs: %s", stored)
    # A node that is not run needs no input, no teacher and no place to write to.
    asked, pipeline = pipeline, nodes_that_may_run(run_params, pipeline)
    check_ratings_will_come(asked, pipeline, catalog)
    check_inputs(sorted(pipeline.inputs() - asked.all_outputs()), catalog)
    if EVALUATION_DATA in pipeline.inputs():
        check_evaluation_sets(catalog.load(EVALUATION_DATA).path)
    if pipeline.nodes:
        check_writable(project / "data", pipeline, catalog)
    if fine_tunes(pipeline) and BASE_MODEL_DATASET in pipeline.inputs():
        check_trainable(catalog.load(BASE_MODEL_DATASET), catalog.load(SFT_PARAMETERS))
    if CANDIDATE_DATASET in pipeline.inputs():
        from instruction_tuning.lm.loading import require_readable

        # The base model is measured before it.
        require_readable(catalog.load(CANDIDATE_DATASET))
    if needs_teacher(pipeline, catalog):
        check_teacher_knows(asked, catalog, project)
        check_built_in_teacher(asked, pipeline, catalog)
        _check_others_are_asked(pipeline, catalog)
        named = named_endpoints(pipeline, catalog)
        require_one_address({TEACHER_KEY: catalog.load(TEACHER), **named})
        check_teacher(catalog.load(TEACHER), named)
    if POOL_EMBEDDINGS in pipeline.inputs():
        check_embeddings(catalog.load(POOL_EMBEDDINGS).asked_endpoint)


def check_inputs(names: Iterable[str], catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise unless each of the free inputs has a catalog entry or parameter and something behind it."""
    for name in names:
        _check_known(name, catalog)
    datasets = {
        name: catalog[name] for name in names if name != "parameters" and not name.startswith("params:")
    }
    missing = [name for name, dataset in datasets.items() if not dataset.exists()]
    if missing:
        first = next((name for name in missing if not _makers([name])), missing[0])
        raise InputError(
            f"the run needs `{first}`, and it is not there",
            file=getattr(datasets[first], "_filepath", None),
            fix=_origin(first, missing),
        )
    for name, dataset in datasets.items():
        path = getattr(dataset, "_filepath", None)
        # What has versions was made by a run of this project, and checked then.
        if path is not None and getattr(dataset, "_version", None) is None:
            _check_readable(name, Path(path), catalog)


def check_evaluation_sets(path: str | None) -> None:
    """Raise `InputError` unless every row of the user's evaluation sets is an item.

    They are small beside the records, which are read and made distinct before the items are looked for.
    """
    from instruction_tuning.pipelines.ingestion.evaluation_items import evaluation_files, items_of_file

    for file in evaluation_files(path):
        items_of_file(file)


def _check_known(name: str, catalog: CatalogProtocol[Any, Any]) -> None:
    if name not in catalog:
        close = get_close_matches(name, catalog.keys(), n=1)
        kind = "parameter" if name.startswith("params:") else "catalog entry"
        raise ConfigurationError(
            f"the run needs `{name}`, and there is no such {kind}",
            field=name.removeprefix("params:"),
            fix=f"add it to conf/base{f'; did you mean `{close[0]}`?' if close else ''}",
        )


def _check_readable(name: str, path: Path, catalog: CatalogProtocol[Any, Any]) -> None:
    """Load what comes from outside: files by content, with the schema that the catalog names; folders of
    models and raw data by what lies in them.
    """
    try:
        catalog.load(name)
    except PermissionError as error:
        raise InputError(
            "the file cannot be read", file=error.filename or path, fix="make it readable for you"
        ) from error
    except DataValidationError as error:
        raise schema_fault(name, path, error) from error


def _origin(first: str, missing: list[str]) -> str:
    """One command for all that is missing: the reader shall not come back for the next one."""
    if not _makers([first]):
        return _FIXES.get(first, "check its path in conf/base/catalog_raw.yml")
    makers = _makers([name for name in missing if _makers([name])])
    if not makers:
        return "make all that is missing: kedro run"
    maker = min(makers, key=lambda stage: len(pipelines[stage].nodes))
    them = "it" if len(missing) == 1 else f"all {len(missing)} inputs that are missing"
    return f"make {them} first: kedro run --pipeline={maker}"


def _makers(names: list[str]) -> list[str]:
    """The pipelines, by name, that make all of `names`."""
    return [
        stage
        for stage, pipeline in pipelines.items()
        if stage != "__default__" and set(names) <= pipeline.all_outputs()
    ]


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
        dataset = catalog.get(name) if name in catalog else None
        path = getattr(dataset, "_filepath", None)
        if path is None or is_remote(dataset):
            continue
        if is_versioned(dataset) and Path(path).is_file():
            raise WorkspaceError(
                f"a file lies where the versions of `{name}` go", file=path, fix="move it away, or delete it"
            )
        folder = next(parent for parent in Path(path).absolute().parents if parent.exists())
        if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise WorkspaceError(
                f"`{name}` cannot be saved", file=folder, fix="make the folder writable for you"
            )


def fine_tunes(pipeline: Pipeline) -> bool:
    """Whether a node of `pipeline` brings chats into the base model's form, as fine-tuning does."""
    return any({BASE_MODEL_DATASET, SFT_PARAMETERS} <= set(node.inputs) for node in pipeline.nodes)


def _check_others_are_asked(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise `ConfigurationError` where others are named and a strategy of answers asks the teacher alone, or
    the store could not tell their answers apart.
    """
    from instruction_tuning.pipelines.answer_generation.checking import require_one_teacher

    for node in pipeline.nodes:
        if {TEACHER, TEACHER_PARAMETERS} <= set(node.inputs):
            teacher = catalog.load(TEACHER)
            require_one_teacher(teacher, catalog.load(TEACHER_PARAMETERS))
            # The built-in one has another name once it runs.
            asked = [one for one in teacher.answered_by if one.base_url != MICROWORLD]
            if len(asked) > 1:
                require_different_models([one.identified().model for one in asked])


def check_teacher(endpoint: Endpoint, named: Mapping[str, Endpoint] | None = None) -> None:
    """Ask a user's teacher and judge, and endpoints that are `named` beside them, for something free.

    The microworld's own teacher is started later.
    """
    for name, asked in {**endpoints_of(endpoint), **(named or {})}.items():
        if asked.base_url == MICROWORLD:
            continue
        from instruction_tuning.lm.clients import check_endpoint

        check_endpoint(asked)
        logger.info("the %s answers at %s", name, asked.address)
        warn_of_no_name(name, asked)


def check_embeddings(endpoint: Endpoint | None) -> None:
    """Ask the endpoint of embeddings for something free; whether it has any, the first batch will tell."""
    if endpoint is None:
        return
    if endpoint.local_folder is not None:
        open_model_folder(endpoint.local_folder)
        return
    from instruction_tuning.lm.clients import check_endpoint

    check_endpoint(endpoint)
    logger.info("the endpoint of embeddings answers at %s", endpoint.address)
