"""Complete many chat requests: concurrently, durably, within a budget, each paid once.

Every HTTP request is looked up in the store by its content before it is sent and committed to the
store when it ends. Identical requests are sent once. A server that returns fewer samples than asked
for is asked again for the rest, at most once a missing sample. A sample without text is a failed one: paid
for, and asked for again by the next run. Whatever ends a run early, an error or ctrl-C, requests in flight
are waited for and stored first. Import it inside functions: it loads the client library.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from instruction_tuning.lm.budget import Budget
from instruction_tuning.lm.chat_request import ChatRequest, request_id
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.completion_run import CompletionLimits, EndpointRun
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.event_loop import run_to_end
from instruction_tuning.lm.model_names import require_different_models
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.safe_keeping import SafeKeeping
from instruction_tuning.lm.stopping import Stop, finish_all

__all__ = ["CompletionLimits", "complete_all", "complete_at_all"]

logger = logging.getLogger(__name__)


def complete_all(
    endpoint: Endpoint,
    requests: Sequence[ChatRequest],
    store: CompletionStore,
    limits: CompletionLimits,
) -> pd.DataFrame:
    """One row a sample, in the order of `requests` (columns as in `schemas.teacher_completions`).

    What the store holds already counts towards `budget_usd`, whichever run paid for it. Token counts
    and price of an HTTP request stand on its first row, so that columns add up to what was paid.

    Raises `AuthenticationError`, `EndpointUnreachableError`, `BudgetExceededError`, `FailureRateError` or
    `WorkspaceError`; all completions that were sent for before are in the store by then.
    """
    return complete_at_all([endpoint], requests, store, limits)


def complete_at_all(
    endpoints: Sequence[Endpoint],
    requests: Sequence[ChatRequest],
    store: CompletionStore,
    limits: CompletionLimits,
) -> pd.DataFrame:
    """As `complete_all`, every request at each of `endpoints`, which are asked at the same time.

    The rows of the first endpoint come first; `model` tells them apart, and samples of a record are numbered
    on from those of the endpoint before. Raises `ConfigurationError` where two have the same model, whose
    answers would be taken for one another's.
    """
    named = [endpoint.identified() for endpoint in endpoints]
    require_different_models([endpoint.model for endpoint in named])
    keyed = [_keyed(endpoint, requests) for endpoint in named]
    runs = [
        EndpointRun(endpoint, _first_by_key(keys), store, limits)
        for endpoint, keys in zip(named, keyed, strict=True)
    ]
    _send(runs, store, limits)
    widths: dict[tuple[str, str], int] = {}
    for request in requests:
        last = request.sample_index + request.num_samples
        widths[_sampled(request)] = max(widths.get(_sampled(request), 0), last)
    frames = [
        completions_frame(
            run.endpoint.model,
            [(key, _numbered(request, place * widths[_sampled(request)])) for key, request in keys],
            run.finished,
        )
        for place, (run, keys) in enumerate(zip(runs, keyed, strict=True))
    ]
    return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]


def _keyed(endpoint: Endpoint, requests: Sequence[ChatRequest]) -> list[tuple[str, ChatRequest]]:
    return [
        (request_id(request.body(endpoint.model, missing=request.num_samples, part=0), 0), request)
        for request in requests
    ]


def _first_by_key(keyed: Sequence[tuple[str, ChatRequest]]) -> dict[str, ChatRequest]:
    by_key: dict[str, ChatRequest] = {}
    for key, request in keyed:
        by_key.setdefault(key, request)
    return by_key


def _sampled(request: ChatRequest) -> tuple[str, str]:
    """What samples are numbered by."""
    return request.kind, request.record_id


def _numbered(request: ChatRequest, before: int) -> ChatRequest:
    """`request` with its samples numbered on from those `before` them."""
    return replace(request, sample_index=request.sample_index + before) if before else request


def _send(runs: Sequence[EndpointRun], store: CompletionStore, limits: CompletionLimits) -> None:
    for run in runs:
        if not run.open_keys:
            logger.info(
                "all %d requests are stored from before: none is sent, nothing is paid", len(run.by_key)
            )
    if any(run.open_keys for run in runs):
        _Sending(runs, store, limits).to_end()
        for run in runs:
            run.require_few_failures()


class _Sending:
    """All that is sent together: one budget, and one stop for all."""

    def __init__(self, runs: Sequence[EndpointRun], store: CompletionStore, limits: CompletionLimits) -> None:
        self._runs, self._store, self._limits = runs, store, limits

    def to_end(self) -> None:
        run_to_end(self._send, lambda: self._loop.call_soon_threadsafe(self._stop.ask))

    async def _send(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), Stop()
        stop, safe = self._stop, SafeKeeping(self._store)
        stored_usd = sum(run.stored_usd() for run in self._runs)
        budget = Budget(self._limits.budget_usd, spent_usd=self._limits.spent_usd + stored_usd)
        sending = (run.send_open_requests(budget, safe, stop) for run in self._runs if run.open_keys)
        try:
            await finish_all(sending, stop)
        finally:
            safe.put_rest()
        if stop.error is not None:
            raise stop.error
