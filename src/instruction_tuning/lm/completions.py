"""Complete many chat requests at one endpoint: concurrently, durably, within a budget, each paid once.

Every HTTP request is looked up in the store by its content before it is sent and committed to the
store when it ends. Identical requests are sent once. A server that returns fewer samples than asked
for is asked again for the rest, at most once a missing sample. Import it inside functions: it loads
the client library.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from instruction_tuning.errors import BudgetExceededError, FailureRateError
from instruction_tuning.lm.attempt import AttemptError, Reply
from instruction_tuning.lm.budget import Budget, is_free, price, worst_price
from instruction_tuning.lm.chat_request import ChatRequest, request_id
from instruction_tuning.lm.completion_rows import Parts, completions_frame
from instruction_tuning.lm.completion_store import Completion, CompletionStore
from instruction_tuning.lm.openai_endpoint import OpenAIEndpoint
from instruction_tuning.lm.progress import Progress
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.retrying import Retrier, RetryPolicy

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

    Raises `AuthenticationError`, `EndpointUnreachableError`, `BudgetExceededError` or
    `FailureRateError`; all completions that arrived before are in the store by then.
    """
    by_key: dict[str, ChatRequest] = {}
    keys = []
    for request in requests:
        key = request_id(request.body(endpoint.model, missing=request.num_samples, part=0), 0)
        by_key.setdefault(key, request)
        keys.append(key)
    run = _CompletionRun(endpoint, by_key, store, limits)
    if run.open_keys:
        _run_to_end(run.send_open_requests())
    return completions_frame(endpoint.model, zip(keys, requests, strict=True), run.finished)


class _CompletionRun:
    def __init__(
        self,
        endpoint: Endpoint,
        by_key: dict[str, ChatRequest],
        store: CompletionStore,
        limits: CompletionLimits,
    ) -> None:
        self.endpoint, self.by_key, self.store, self.limits = endpoint, by_key, store, limits
        self.finished: dict[str, Parts] = {}
        self.open_keys: list[str] = []
        self._partial: dict[str, Parts] = {}
        self._stopping: Exception | None = None
        self._failures: Counter[str] = Counter()
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
            part = self.store.find([next_key]).get(next_key)
        return parts

    async def send_open_requests(self) -> None:
        limits = self.limits
        paid = [part for parts in (*self.finished.values(), *self._partial.values()) for part in parts]
        stored_usd = sum(part.price_usd or 0.0 for part in paid)
        self._budget = Budget(limits.budget_usd, spent_usd=limits.spent_usd + stored_usd)
        what = "/".join(sorted({self.by_key[key].kind for key in self.open_keys})) + " completions"
        with Progress(
            what, len(self.by_key), stored=len(self.finished), every_seconds=limits.progress_seconds
        ) as self._progress:
            async with OpenAIEndpoint(self.endpoint, max_concurrency=limits.max_concurrency) as client:
                await client.check()
                self._client = client
                self._retrier = Retrier(
                    client.send, limits.retries, is_stopping=lambda: self._stopping is not None
                )
                queue = iter(self.open_keys)
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(limits.max_concurrency, len(self.open_keys))):
                            group.create_task(self._work(queue))
                except* Exception as errors:
                    # One refusal is enough: the senders all say the same.
                    raise _first(errors) from None
        if self._retrier.retries:
            logger.info("%s: %d attempts were repeated", what, self._retrier.retries)
        if self._stopping is not None:
            raise self._stopping
        if self._too_many_failures():
            raise self._failure_rate_error()

    async def _work(self, queue: Iterator[str]) -> None:
        for key in queue:
            if self._stopping is not None:
                return
            try:
                await self._complete(key, self.by_key[key])
            except BudgetExceededError as error:
                # Requests in flight are paid for: let them end and be stored.
                self._stopping = self._stopping or error
                return
            failed = sum(self._failures.values())
            if failed >= _FAILURES_BEFORE_STOPPING_EARLY and self._too_many_failures():
                self._stopping = self._stopping or self._failure_rate_error()

    async def _complete(self, key: str, request: ChatRequest) -> None:
        parts = self._partial.pop(key)
        tokens, failed = 0, False
        while (missing := _missing(request, parts)) and not failed:
            body = request.body(self.endpoint.model, missing=missing, part=len(parts))
            part = await self._send(body, request_id(body, len(parts)), request.kind)
            if part is None:
                return
            self.store.put([part])
            parts.append(part)
            failed = part.status == "failed"
            tokens += part.prompt_tokens + part.completion_tokens
        self.finished[key] = parts
        if failed:
            self._failures[parts[-1].error or "unknown"] += 1
        self._progress.advance(failed=failed, tokens=tokens, spent_usd=self._budget.spent_usd)

    async def _send(self, body: dict[str, Any], key: str, kind: str) -> Completion | None:
        """The outcome, or null where the run is stopping before there was one."""
        started_at = asyncio.get_running_loop().time()
        reserved_usd = worst_price(self.endpoint, body)
        await self._budget.reserve(reserved_usd)
        charged_usd = 0.0
        try:
            if self._stopping is not None:
                return None
            reply = await self._retrier.send(body)
            completion = self._completion(reply, key, kind, body["n"])
            # Without token counts the hard limit can only hold if the worst is assumed.
            charged_usd = reserved_usd if completion.price_usd is None else completion.price_usd
            return completion
        except AttemptError as error:
            if not error.contact and self._retrier.last_contact_at < started_at:
                raise self._client.unreachable_error(error.reason) from None
            if self._stopping is not None and error.retryable:
                return None
            return Completion(key, kind, self.endpoint.model, "failed", error=error.reason)
        finally:
            await self._budget.settle(reserved_usd, charged_usd)

    def _completion(self, reply: Reply, key: str, kind: str, wanted: int) -> Completion:
        known = reply.usage_reported or is_free(self.endpoint)
        return Completion(
            request_id=key,
            kind=kind,
            model=self.endpoint.model,
            status="ok",
            choices=reply.choices[:wanted],
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            usage_reported=reply.usage_reported,
            price_usd=price(self.endpoint, reply.prompt_tokens, reply.completion_tokens) if known else None,
        )

    def _too_many_failures(self) -> bool:
        return sum(self._failures.values()) > self.limits.max_failure_rate * len(self.by_key)

    def _failure_rate_error(self) -> FailureRateError:
        failed, total = sum(self._failures.values()), len(self.by_key)
        commonest = "; ".join(f"{count} × {reason}" for reason, count in self._failures.most_common(3))
        return FailureRateError(
            f"{failed} of {total} requests to {self.endpoint.base_url} failed, more than max_failure_rate "
            f"{self.limits.max_failure_rate:g} allows: {commonest}",
            field="max_failure_rate",
            fix="mend the endpoint or raise max_failure_rate; good completions are stored, and the next run "
            "sends only what is missing",
        )


def _missing(request: ChatRequest, parts: Parts) -> int:
    return max(0, request.num_samples - sum(len(part.choices) for part in parts))


def _first(errors: BaseExceptionGroup[Exception]) -> Exception:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _run_to_end(work: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    # A notebook has a loop of its own in this thread.
    with ThreadPoolExecutor(max_workers=1) as executor:
        executor.submit(asyncio.run, work).result()
