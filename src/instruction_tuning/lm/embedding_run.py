"""Sending batches of texts to an /embeddings endpoint: concurrently, within a budget, each kept as it comes.

Import it inside functions: it loads the client library.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from instruction_tuning.errors import (
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    LanguageModelError,
)
from instruction_tuning.lm.attempt import AttemptError, not_sent
from instruction_tuning.lm.budget import Budget, is_free, price
from instruction_tuning.lm.clients import open_client
from instruction_tuning.lm.embedding_endpoint import EmbeddingEndpoint, KeptVectors
from instruction_tuning.lm.embedding_reply import EmbeddingReply
from instruction_tuning.lm.event_loop import run_to_end
from instruction_tuning.lm.in_flight import InFlight
from instruction_tuning.lm.progress import Progress
from instruction_tuning.lm.protocol import LanguageModel
from instruction_tuning.lm.retrying import Retrier, RetryPolicy
from instruction_tuning.lm.stopping import Stop, finish_all
from instruction_tuning.text.counting import counted, duration_text

logger = logging.getLogger(__name__)

Batch = tuple[np.ndarray, list[str]]  # keys, texts
_SPECIAL_TOKENS = 16
_SHOWN_CHARACTERS = 60


class EmbeddingRun:
    """All that has to be sent for `asked`; what comes goes into `kept`."""

    def __init__(self, asked: EmbeddingEndpoint, kept: KeptVectors, batches: Sequence[Batch]) -> None:
        self._asked, self._kept, self._batches = asked, kept, batches
        self._endpoint = asked.endpoint.identified()

    def to_end(self, known: int) -> None:
        """Send all; `known` texts need not be sent. Batches in flight are waited for, whatever ends it."""
        self._known = known
        run_to_end(self._send, lambda: self._loop.call_soon_threadsafe(self._stop.ask))
        if self._stop.error is not None:
            raise self._stop.error

    async def _send(self) -> None:
        asked = self._asked
        self._loop, self._stop = asyncio.get_running_loop(), Stop()
        self._budget = Budget(asked.budget_usd)
        in_flight = InFlight(asked.max_concurrency, self._stop, address=self._endpoint.address)
        self._tell_before()
        self._progress = Progress(
            "embeddings", len(self._batches), stored=0, every_seconds=asked.progress_seconds
        )
        with self._progress:
            async with open_client(self._endpoint, max_concurrency=asked.max_concurrency) as client:
                if self._endpoint.local_folder is None:
                    await client.check()
                policy = RetryPolicy(
                    max_retries=asked.max_retries,
                    rate_limit_patience_seconds=asked.rate_limit_patience_seconds,
                )
                self._client: LanguageModel = client
                self._retrier = Retrier(policy, stop=self._stop, in_flight=in_flight)
                heartbeat = asyncio.create_task(self._progress.tell_waits(self._retrier.waits))
                try:
                    await self._send_first_alone()
                finally:
                    heartbeat.cancel()

    async def _send_first_alone(self) -> None:
        queue = iter(self._batches)
        started_at = time.monotonic()
        await finish_all([self._work(iter([next(queue)]))], self._stop)
        if not self._stop.is_asked and len(self._batches) > 1:
            self._tell_rest(time.monotonic() - started_at)
        senders = min(self._asked.max_concurrency, len(self._batches))
        await finish_all((self._work(queue) for _ in range(senders)), self._stop)

    async def _work(self, queue: Iterator[Batch]) -> None:
        for keys, texts in queue:
            if self._stop.is_asked:
                return
            try:
                await self._embed(keys, texts)
            except Exception as error:
                # Batches in flight are paid for: let them end and be kept.
                self._stop.ask(error)
                return

    async def _embed(self, keys: np.ndarray, texts: list[str]) -> None:
        body: dict[str, Any] = {"model": self._asked.model, "input": texts}
        if self._asked.dimensions is not None:
            body["dimensions"] = self._asked.dimensions
        reply = await self._reply(body)
        if reply is None:
            return
        self._require_width(reply)
        self._kept.add(keys, reply.vectors)
        self._progress.advance(failed=False, tokens=reply.prompt_tokens, charged_usd=self._budget.spent_usd)

    async def _reply(self, body: dict[str, Any]) -> EmbeddingReply | None:
        """Null where the run is stopping before one came."""
        started_at = time.monotonic()
        try:
            return await self._retrier.send(lambda: self._attempt(body))
        except AttemptError as error:
            if error.refused:
                raise self._client.authentication_error(403) from None
            if not error.contact and self._retrier.last_contact_at < started_at:
                raise self._client.unreachable_error(error.reason) from None
            if self._stop.is_asked and error.retryable:
                return None
            longest = max(body["input"], key=len)
            raise LanguageModelError(
                f"{self._endpoint.address} gives no vectors for {counted(len(body['input']), 'text')}, the "
                f"longest of {len(longest):,} characters ({longest[:_SHOWN_CHARACTERS]!r}): {error.reason}",
                field="batch_size",
                fix="where texts are too long for the model set max_characters, where the request is too "
                "large lower batch_size, where it does not take `dimensions` set it to null; vectors that "
                "came are kept",
            ) from None

    async def _attempt(self, body: dict[str, Any]) -> EmbeddingReply:
        """One try within the budget; one that may have been charged for counts, too."""
        worst_usd = price(self._endpoint, most_tokens(body["input"]), 0)
        try:
            await self._budget.reserve(worst_usd)
        except BudgetExceededError:
            raise self._budget_error(worst_usd) from None
        charged_usd = worst_usd  # where nobody tells, the hard limit holds only if the worst is assumed
        try:
            if self._stop.is_asked:
                charged_usd = 0.0
                raise not_sent()
            reply = await self._client.embed(body)
            if reply.usage_reported:
                charged_usd = price(self._endpoint, reply.prompt_tokens, 0)
            return reply
        except AttemptError as error:
            charged_usd = worst_usd if error.charged else 0.0
            raise
        except (AuthenticationError, ConfigurationError):  # refused, at no cost
            charged_usd = 0.0
            raise
        finally:
            await self._budget.settle(worst_usd, charged_usd)

    def _require_width(self, reply: EmbeddingReply) -> None:
        wanted, width = self._asked.dimensions, reply.vectors.shape[1]
        if wanted is not None and width != wanted:
            raise ConfigurationError(
                f"{self._asked.model} was asked for {wanted} dimensions and gives {width}",
                field="dimensions",
                fix=f"set dimensions to null, or to {width}: not every model can shorten its vectors",
            )

    def _budget_error(self, worst_usd: float) -> BudgetExceededError:
        return BudgetExceededError(
            f"${self._budget.spent_usd:.4f} of the ${self._budget.limit_usd:.4f} for embeddings are spent, "
            f"and the next batch may cost ${worst_usd:.4f}; vectors that came are kept",
            field="budget_usd",
            fix="raise budget_usd, or lower batch_size; the next run sends only what is missing",
        )

    def _tell_before(self) -> None:
        texts = sum(len(texts) for _, texts in self._batches)
        most = sum(most_tokens(texts) for _, texts in self._batches)
        at_most = (
            "at no price" if is_free(self._endpoint) else f"for ${price(self._endpoint, most, 0):.4f} at most"
        )
        logger.info(
            "embeddings: %s to send to %s in %s (%s known), %s",
            counted(texts, "text"),
            self._asked.model,
            counted(len(self._batches), "request"),
            f"{self._known:,} are",
            at_most,
        )

    def _tell_rest(self, seconds: float) -> None:
        """As the first batch took, by the bytes of the texts."""
        rest = self._batches[1:]
        share = _bytes(rest) / max(_bytes(self._batches[:1]), 1)
        tokens = self._progress.tokens * share
        price_usd = price(self._endpoint, tokens, 0)
        rounds = max(len(rest) / self._asked.max_concurrency, 1.0)
        logger.info(
            "embeddings: %s left; about %s tokens, $%.4f, %s, as the first took",
            *(counted(len(rest), "request"), f"{tokens:,.0f}", price_usd, duration_text(seconds * rounds)),
        )
        limit_usd = self._budget.limit_usd
        if limit_usd is not None and self._budget.spent_usd + price_usd > limit_usd:
            logger.warning(
                "embeddings: the rest will cost about $%.4f, more than budget_usd %.4f allows: the run will "
                "stop on the way; vectors that came are kept, and a run with a higher budget_usd goes on",
                *(price_usd, limit_usd),
            )


def most_tokens(texts: Iterable[str]) -> int:
    """The most tokens that `texts` can be: each byte one, and some that the model adds to a text."""
    return sum(len(text.encode("utf-8", "surrogatepass")) + _SPECIAL_TOKENS for text in texts)


def _bytes(batches: Sequence[Batch]) -> int:
    return sum(most_tokens(texts) for _, texts in batches)
