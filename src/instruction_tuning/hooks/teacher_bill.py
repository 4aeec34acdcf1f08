"""Tells the completion store which run pays, and at the end of a run who has paid for its answers."""

import logging
import os
import re
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import InstructionTuningError
from instruction_tuning.hooks.answer_source import TEACHER, is_play_money, named_endpoints
from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.hooks.kept_cost import costs_of_kept
from instruction_tuning.incremental.live import run_of
from instruction_tuning.lineage.rows import column_names, read_columns
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.payments import SESSION_VARIABLE, Payment
from instruction_tuning.reporting.teacher_bill import TeacherBill, teacher_bill

logger = logging.getLogger(__name__)

# A frame with this column holds requests, whatever its name.
_REQUEST = "request_id"
_SECTION = re.compile(r"params:\w+")


class TeacherBillHooks:
    """The bill is said below the run's report: in a stored one it would be that of the run that wrote it."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        os.environ[SESSION_VARIABLE] = run_params["run_id"]

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        os.environ.pop(SESSION_VARIABLE, None)
        run = run_of(run_params)
        if run is not None and run.dry_run:
            return
        try:
            bill = bill_of_run(pipeline, catalog, session=run_params["run_id"])
        except (InstructionTuningError, OSError) as error:
            logger.warning("who paid the teacher cannot be told: %s", error)
            return
        if bill is not None and run is not None:
            run.last_words = bill.lines()
        elif bill is not None:
            logger.info("%s", "\n".join(bill.lines()))

    @hook_impl
    def on_pipeline_error(self) -> None:
        os.environ.pop(SESSION_VARIABLE, None)


def bill_of_run(
    pipeline: Pipeline, catalog: CatalogProtocol[Any, Any], *, session: str
) -> TeacherBill | None:
    """Who paid for all that `pipeline` asked, made now or stored before.

    Null where nothing was asked, or the store is gone.
    """
    stores, files = _stores(catalog), _frames_of_requests(pipeline, catalog)
    if not files or not stores:
        return None
    ids = (read_columns(file, [_REQUEST])[_REQUEST].unique().tolist() for file in files)
    request_ids = list(dict.fromkeys(chain.from_iterable(ids)))
    payments = [payment for store in stores for payment in _payments(store, request_ids)]
    bill = teacher_bill(request_ids, payments, session=session)
    is_play = is_play_money(catalog.load(TEACHER)) and not named_endpoints(pipeline, catalog)
    return bill and replace(bill, is_play_money=is_play, kept=costs_of_kept(pipeline, catalog))


def payments_of_run(catalog: CatalogProtocol[Any, Any], session: str) -> list[Payment]:
    """Every request that the run sent, however it ended."""
    paid = []
    for store in _stores(catalog):
        with CompletionStore(store) as opened:
            paid += opened.payments_of(session)
    return paid


def _frames_of_requests(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> list[Path]:
    made = [catalog.get(name) for name in sorted(pipeline.all_outputs()) if name in catalog]
    # A run that was stopped has not made all of them.
    there = [dataset for dataset in made if isinstance(dataset, FrameDataset) and dataset.exists()]
    files = [stored_path(dataset) for dataset in there]
    return [file for file in files if file and file.is_file() and _REQUEST in column_names(file)]


def _payments(store: Path, request_ids: list[str]) -> list[Payment]:
    with CompletionStore(store) as opened:
        return opened.payments(request_ids)


def _stores(catalog: CatalogProtocol[Any, Any]) -> list[Path]:
    """The completion stores that parameters name and that there are: opening one would make it."""
    sections = [catalog.load(name) for name in sorted(catalog.keys()) if _SECTION.fullmatch(name)]
    named = (getattr(getattr(section, "requests", section), "completion_store", None) for section in sections)
    return [path for path in dict.fromkeys(named) if path is not None and path.is_file()]
