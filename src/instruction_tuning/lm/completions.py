"""Complete many chat requests at one endpoint: concurrently, durably, within a budget, each paid once.

Every HTTP request is looked up in the store by its content before it is sent and committed to the
store when it ends. Identical requests are sent once. A server that returns fewer samples than asked
for is asked again for the rest, at most once a missing sample. A sample without text is a failed one: paid
for, and asked for again by the next run. Whatever ends a run early, an error or ctrl-C, requests in flight
are waited for and stored first. Import it inside functions: it loads the client library.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from instruction_tuning.errors import FailureRateError
from instruction_tuning.lm.attempt import AttemptError, Reply
from instruction_tuning.lm.budget import Budget, is_free, price, worst_price
from instruction_tuning.lm.chat_request import ChatRequest, request_id
from instruction_tuning.lm.completion_rows import Parts, completions_frame, no_text
from instruction_tuning.lm.completion_store import Completion, CompletionStore
from instruction_tuning.lm.failures import Failures
from instruction_tuning.lm.key_trial import KeyTrial
from instruction_tuning.lm.openai_endpoint import OpenAIEndpoint
from instruction_tuning.lm.progress import Progress
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.retrying import Retrier, RetryPolicy
from instruction_tuning.lm.safe_keeping import SafeKeeping
from instruction_tuning.lm.stopping import Stop, finish_all

logger = logging.getLogger(__name__)

# Below so many failures a run goes to its end, so that all the good answers are stored.
_FAILURES_BEFORE_STOPPING_EARLY = 20


@dataclass(frozen=True)
class CompletionLimits:
    """Speed, patience and money of one run of requests; `spent_usd` of the budget is gone already."""

    max_concurrency: int = 64
    max_failure_rate: float = 0.05
    budget_usd: float | None = None
    spent_usd: float = 0.0
    progress_seconds: float = 10.0
    retries: RetryPolicy = field(default_factory=RetryPolicy)


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
    by_key: dict[str, ChatRequest] = {}
    keys = []
    for request in requests:
        key = request_id(request.body(endpoint.model, missing=request.num_samples, part=0), 0)
        by_key.setdefault(key, request)
        keys.append(key)
    run = _CompletionRun(endpoint, by_key, store, limits)
    if run.open_keys:
        _run_to_end(run)
    else:
        logger.info("all %d requests are stored from before: none is sent, nothing is paid", len(by_key))
    return completions_frame(endpoint.model, zip(keys, requests, strict=True), run.finished)


class _CompletionRun:
    def __init__(
        self,
        endpoint: Endpoint,
        by_key: dict[str, ChatRequest],
        store: CompletionStore,
        limits: CompletionLimits,
    ) -> None:
        self.endpoint, self.by_key, self.limits = endpoint, by_key, limits
        self.finished: dict[str, Parts] = {}
        self.open_keys: list[str] = []
        self._partial: dict[str, Parts] = {}
        self._failed_before: dict[str, Completion] = {}
        self._store, self._safe = store, SafeKeeping(store)
        self._stop, self._failures = Stop(), Failures(len(by_key))
        first_parts = store.find(by_key)
        for key, request in by_key.items():
            parts = self._stored_parts(key, request, first_parts.get(key))
            if _missing(request, parts) == 0:
                self.finished[key] = parts
            else:
                self.open_keys.append(key)
                self._partial[key] = parts

    def _stored_parts(self, key: str, request: ChatRequest, first: Completion | None) -> Parts:
        parts: Parts = []
        part = first
        while part is not None and part.status == "ok":
            parts.append(part)
            missing = _missing(request, parts)
            if missing == 0:
                break
            body = request.body(self.endpoint.model, missing=missing, part=len(parts))
            next_key = request_id(body, len(parts))
            part = self._store.find([next_key]).get(next_key)
        if part is not None and part.status == "failed":
            self._failed_before[part.request_id] = part
        return parts

    async def send_open_requests(self) -> None:
        limits, stop = self.limits, self._stop
        self._loop = asyncio.get_running_loop()
        answered = [part for parts in (*self.finished.values(), *self._partial.values()) for part in parts]
        stored_usd = sum(part.price_usd or 0.0 for part in (*answered, *self._failed_before.values()))
        self._budget = Budget(limits.budget_usd, spent_usd=limits.spent_usd + stored_usd)
        self._key = KeyTrial(is_proven=bool(answered))
        what = "/".join(sorted({self.by_key[key].kind for key in self.open_keys})) + " completions"
        with Progress(
            what,
            len(self.by_key),
            stored=len(self.finished),
            every_seconds=limits.progress_seconds,
            paid_before_usd=self._budget.spent_usd,
        ) as self._progress:
            async with OpenAIEndpoint(self.endpoint, max_concurrency=limits.max_concurrency) as client:
                await client.check()
                self._client, self._retrier = client, Retrier(client.send, limits.retries, stop=stop)
                heartbeat = asyncio.create_task(self._progress.tell_waits(self._retrier.waits))
                queue = iter(self.open_keys)
                senders = min(limits.max_concurrency, len(self.open_keys))
                try:
                    await finish_all((self._work(queue) for _ in range(senders)), stop)
                finally:
                    heartbeat.cancel()
                    self._safe.put_rest()
        if self._retrier.retries:
            logger.info("%s: %d attempts were repeated", what, self._retrier.retries)
        if stop.error is not None:
            raise stop.error
        if self._failures.exceed(limits.max_failure_rate):
            raise self._failure_rate_error()

    def interrupt(self) -> None:
        """What ctrl-C does, from another thread."""
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._stop.ask)

    async def _work(self, queue: Iterator[str]) -> None:
        for key in queue:
            if self._stop.is_asked:
                return
            try:
                await self._complete(key, self.by_key[key])
            except Exception as error:
                # Requests in flight are paid for: let them end and be stored.
                self._stop.ask(error)
                return
            if self._failures.count >= _FAILURES_BEFORE_STOPPING_EARLY and self._failures.exceed(
                self.limits.max_failure_rate
            ):
                self._stop.ask(self._failure_rate_error())

    async def _complete(self, key: str, request: ChatRequest) -> None:
        parts = self._partial.pop(key)
        tokens, error = 0, None
        while (missing := _missing(request, parts)) and error is None:
            body = request.body(self.endpoint.model, missing=missing, part=len(parts))
            part = await self._send(body, request_id(body, len(parts)), request.kind)
            if part is None:
                return
            tokens += part.prompt_tokens + part.completion_tokens
            part = part.with_cost_of(self._failed_before.get(part.request_id))
            self._safe.put(part)
            parts.append(part)
            lost = next((choice for choice in part.choices if choice.text is None), None)
            # Not asked for again in this run: a model that spends max_tokens on thought would do so again.
            error = part.error or (no_text(lost.finish_reason) if lost else None)
        self.finished[key] = parts
        if error is not None:
            self._failures.add(error, share=_missing(request, parts) / request.num_samples)
        self._progress.advance(failed=error is not None, tokens=tokens, spent_usd=self._budget.spent_usd)

    async def _send(self, body: dict[str, Any], key: str, kind: str) -> Completion | None:
        """The outcome, or null where the run is stopping before there was one."""
        reserved_usd = worst_price(self.endpoint, body)
        await self._budget.reserve(reserved_usd)
        charged_usd = 0.0
        try:
            outcome = None if self._stop.is_asked else await self._outcome(body, key, kind)
            if outcome is not None:
                # Without token counts the hard limit can only hold if the worst is assumed.
                charged_usd = reserved_usd if outcome.price_usd is None else outcome.price_usd
            return outcome
        finally:
            await self._budget.settle(reserved_usd, charged_usd)

    async def _outcome(self, body: dict[str, Any], key: str, kind: str) -> Completion | None:
        started_at = time.monotonic()
        try:
            with self._key.request():
                reply = await self._retrier.send(body)
            return self._completion(reply, key, kind, body["n"])
        except AttemptError as error:
            if error.refused and not await self._key.passes():
                raise self._client.authentication_error(403) from None
            if not error.contact and self._retrier.last_contact_at < started_at:
                raise self._client.unreachable_error(error.reason) from None
            if self._stop.is_asked and error.retryable:
                return None
            return Completion(key, kind, self.endpoint.model, "failed", error=error.reason)

    def _completion(self, reply: Reply, key: str, kind: str, wanted: int) -> Completion:
        choices = reply.choices[:wanted]
        has_text = any(choice.text is not None for choice in choices)
        known = reply.usage_reported or is_free(self.endpoint)
        return Completion(
            request_id=key,
            kind=kind,
            model=self.endpoint.model,
            status="ok" if has_text else "failed",
            choices=choices,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            usage_reported=reply.usage_reported,
            price_usd=price(self.endpoint, reply.prompt_tokens, reply.completion_tokens) if known else None,
            error=None if has_text else no_text(choices[0].finish_reason),
        )

    def _failure_rate_error(self) -> FailureRateError:
        return FailureRateError(
            f"{self._failures} (at {self.endpoint.address}), more than max_failure_rate "
            f"{self.limits.max_failure_rate:g} allows",
            field="max_failure_rate",
            fix="mend the endpoint or raise max_failure_rate; good completions are stored, and the next run "
            "sends only what is missing",
        )


def _missing(request: ChatRequest, parts: Parts) -> int:
    texts = sum(choice.text is not None for part in parts for choice in part.choices)
    return max(0, request.num_samples - texts)


def _run_to_end(run: _CompletionRun) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(run.send_open_requests())
        return
    # A notebook has a loop of its own in this thread.
    with ThreadPoolExecutor(max_workers=1) as executor:
        try:
            executor.submit(asyncio.run, run.send_open_requests()).result()
        except KeyboardInterrupt:
            run.interrupt()
            raise
