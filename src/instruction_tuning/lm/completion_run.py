"""All requests to one endpoint: what of them is stored, and sending the rest."""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from instruction_tuning.errors import FailureRateError
from instruction_tuning.lm.budget import Budget
from instruction_tuning.lm.chat_request import ChatRequest, request_id
from instruction_tuning.lm.clients import open_client
from instruction_tuning.lm.completion import Completion
from instruction_tuning.lm.completion_rows import Parts
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.failures import Failures
from instruction_tuning.lm.forecast import Forecaster
from instruction_tuning.lm.in_flight import InFlight
from instruction_tuning.lm.progress import Progress
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.retrying import Retrier, RetryPolicy
from instruction_tuning.lm.safe_keeping import SafeKeeping
from instruction_tuning.lm.sending import Sender
from instruction_tuning.lm.stopping import Stop, finish_all
from instruction_tuning.lm.store_contents import token_sample

logger = logging.getLogger(__name__)

# Below so many failures a run goes to its end, so that all the good answers are stored.
_FAILURES_BEFORE_STOPPING_EARLY = 20


@dataclass(frozen=True)
class CompletionLimits:
    """Speed, patience and money of one run of requests; `spent_usd` of the budget is gone already.

    Where several endpoints are asked, each has `max_concurrency` and `max_failure_rate` for itself; the
    budget is for all of them.
    """

    max_concurrency: int = 64
    max_failure_rate: float = 0.05
    budget_usd: float | None = None
    spent_usd: float = 0.0
    progress_seconds: float = 10.0
    retries: RetryPolicy = field(default_factory=RetryPolicy)


class EndpointRun:
    """The requests `by_key` to `endpoint`: `finished` are complete, by key, `open_keys` have to be sent."""

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
        self._store, self._failures = store, Failures(len(by_key))
        first_parts = store.find(by_key)
        for key, request in by_key.items():
            parts = self._stored_parts(key, request, first_parts.get(key))
            if _missing(request, parts) == 0:
                self.finished[key] = parts
            else:
                self.open_keys.append(key)
                self._partial[key] = parts
        self._is_answered = any((*self.finished.values(), *self._partial.values()))

    def stored_usd(self) -> float:
        """What its requests have cost before, with what those may have cost that a kill has lost."""
        answered = [part for parts in (*self.finished.values(), *self._partial.values()) for part in parts]
        stored = sum(part.price_usd or 0.0 for part in (*answered, *self._failed_before.values()))
        return stored + self._store.sent_usd(self.by_key)

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

    async def send_open_requests(self, budget: Budget, safe: SafeKeeping, stop: Stop) -> None:
        """Never raises what a run can end with: `stop` is told."""
        try:
            await self._send_open_requests(budget, safe, stop)
        except Exception as error:
            stop.ask(error)

    async def _send_open_requests(self, budget: Budget, safe: SafeKeeping, stop: Stop) -> None:
        limits, endpoint = self.limits, self.endpoint
        self._budget, self._safe, self._stop = budget, safe, stop
        what = "/".join(sorted({self.by_key[key].kind for key in self.open_keys})) + " completions"
        progress = Progress(
            what,
            len(self.by_key),
            stored=len(self.finished),
            every_seconds=limits.progress_seconds,
            paid_before_usd=budget.spent_usd,
        )
        client = open_client(endpoint, max_concurrency=limits.max_concurrency)
        in_flight = InFlight(limits.max_concurrency, stop, address=endpoint.address)
        with progress as self._progress:
            async with client:
                await client.check()
                retrier = Retrier(limits.retries, stop=stop, in_flight=in_flight)
                self._sender = Sender(
                    endpoint,
                    client,
                    retrier=retrier,
                    budget=budget,
                    safe=safe,
                    stop=stop,
                    key_is_proven=self._is_answered,
                )
                heartbeat = asyncio.create_task(progress.tell_waits(retrier.waits))
                try:
                    await self._send_forecast_first(what)
                finally:
                    heartbeat.cancel()
        if retrier.retries:
            lowest = in_flight.lowest_limit
            fewer = f"; as few as {lowest} at a time" if lowest < limits.max_concurrency else ""
            logger.info("%s: %d attempts were repeated%s", what, retrier.retries, fewer)

    def require_few_failures(self) -> None:
        """Raise `FailureRateError` where more of what was sent failed than the limits allow."""
        if self._failures.exceed(self.limits.max_failure_rate):
            raise self._failure_rate_error()

    async def _send_forecast_first(self, what: str) -> None:
        requests = [self.by_key[key] for key in self.open_keys]
        forecaster = Forecaster(
            what,
            self.endpoint,
            requests,
            stored=len(self.finished),
            budget=self._budget,
            max_concurrency=self.limits.max_concurrency,
        )
        queue = iter(self.open_keys)
        if not forecaster.tell_from(token_sample(self._store, requests[0].kind, self.endpoint.model)):
            sample_keys = list(islice(queue, forecaster.sample_requests))
            await self._send_all(sample_keys)
            if not self._stop.is_asked:
                forecaster.tell_rest([part for key in sample_keys for part in self.finished[key]])
        await self._send_all(queue)

    async def _send_all(self, keys: Iterable[str]) -> None:
        queue = iter(keys)
        senders = min(self.limits.max_concurrency, len(self.open_keys))
        await finish_all((self._work(queue) for _ in range(senders)), self._stop)

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
            part_key = key if not parts else request_id(body, len(parts))
            sent = await self._sender.send(request, body, part_key, first_key=key)
            if sent is None:
                return
            part, notes = sent
            tokens += part.prompt_tokens + part.completion_tokens
            part = part.with_cost_of(self._failed_before.get(part.request_id))
            await self._safe.put(part, notes)
            parts.append(part)
            lost = next((choice for choice in part.choices if choice.text is None), None)
            # Not asked for again in this run: a model that spends max_tokens on thought would do so again.
            error = part.error or (lost.no_text() if lost else None)
        self.finished[key] = parts
        if error is not None:
            self._failures.add(error, share=_missing(request, parts) / request.num_samples)
        self._progress.advance(failed=error is not None, tokens=tokens, charged_usd=self._sender.charged_usd)

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
