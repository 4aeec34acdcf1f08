"""Tells the completion store which run pays, and at the end of a run who has paid for its answers."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import InstructionTuningError
from instruction_tuning.hooks.answer_source import TEACHER, TEACHER_PARAMETERS, is_play_money
from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.incremental.live import run_of
from instruction_tuning.lineage.rows import read_columns
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.payments import SESSION_VARIABLE, Payment
from instruction_tuning.reporting.teacher_bill import TeacherBill, teacher_bill

logger = logging.getLogger(__name__)

COMPLETIONS_DATASET = "teacher_completions"


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
    """Who paid for the answers and ratings that `pipeline` ends with, made now or stored before.

    Null where it makes none, nothing was asked, or the store is gone.
    """
    if COMPLETIONS_DATASET not in pipeline.all_outputs() or COMPLETIONS_DATASET not in catalog:
        return None
    store = _store(catalog)
    completions = stored_path(catalog.get(COMPLETIONS_DATASET))
    if store is None or completions is None or not completions.is_file():
        return None
    request_ids = read_columns(completions, ["request_id"])["request_id"].unique().tolist()
    with CompletionStore(store) as opened:
        bill = teacher_bill(request_ids, opened.payments(request_ids), session=session)
    return bill and replace(bill, is_play_money=is_play_money(catalog.load(TEACHER)))


def payments_of_run(catalog: CatalogProtocol[Any, Any], session: str) -> list[Payment]:
    """Every request that the run sent, however it ended."""
    store = _store(catalog)
    if store is None:
        return []
    with CompletionStore(store) as opened:
        return opened.payments_of(session)


def _store(catalog: CatalogProtocol[Any, Any]) -> Path | None:
    """The completion store, where there is one: opening would make it."""
    if TEACHER_PARAMETERS not in catalog:
        return None
    path = getattr(catalog.load(TEACHER_PARAMETERS), "completion_store", None)
    return path if path is not None and path.is_file() else None
