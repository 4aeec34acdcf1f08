"""One request to one endpoint: each attempt within the budget, repeated where that helps, with its price."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

from instruction_tuning.errors import ConfigurationError, LanguageModelError
from instruction_tuning.lm.attempt import AttemptError, Reply, not_sent
from instruction_tuning.lm.budget import Budget, is_free, price, worst_price
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.clients import ask
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.key_trial import KeyTrial
from instruction_tuning.lm.protocol import Endpoint, LanguageModel
from instruction_tuning.lm.retrying import Retrier
from instruction_tuning.lm.safe_keeping import SafeKeeping
from instruction_tuning.lm.stopping import Stop


@dataclass
class _Attempts:
    """What the attempts at one request have cost so far.

    Each is noted in the store as money on its way. `free_note` is of one that cost nothing, and serves the
    next; `known_notes` are of those whose tokens are known, in `lost_tokens` where nothing came of them. The
    note of an attempt whose price nobody tells is in neither: it stays.
    """

    free_note: int | None = None
    known_notes: list[int] = field(default_factory=list)
    lost_tokens: tuple[int, int] = (0, 0)

    def known(self, note: int | None) -> None:
        if note is not None:
            self.known_notes.append(note)

    def lost(self, tokens: tuple[int, int]) -> None:
        self.lost_tokens = (self.lost_tokens[0] + tokens[0], self.lost_tokens[1] + tokens[1])

    def needless_notes(self) -> list[int]:
        """Those that go when the outcome is stored."""
        return self.known_notes if self.free_note is None else [*self.known_notes, self.free_note]


class Sender:
    """Shared by all that send to `endpoint` in a run."""

    def __init__(
        self,
        endpoint: Endpoint,
        client: LanguageModel,
        *,
        retrier: Retrier,
        budget: Budget,
        safe: SafeKeeping,
        stop: Stop,
        key_is_proven: bool,
    ) -> None:
        self._endpoint, self._client, self._retrier = endpoint, client, retrier
        self._budget, self._safe, self._stop = budget, safe, stop
        self._key = KeyTrial(is_proven=key_is_proven)
        self._is_free = is_free(endpoint)
        self.charged_usd = 0.0  # in this run, at worst where nobody tells

    async def send(
        self, request: ChatRequest, body: dict[str, Any], key: str, *, first_key: str
    ) -> tuple[Completion, list[int]] | None:
        """The outcome, and the notes that go when it is stored; null where the run is stopping before it.

        `key` is the id of the request `body`, `first_key` that of the first one for `request`.
        """
        attempts, outcome = _Attempts(), None
        try:
            outcome = await self._outcome(request, body, key, first_key, attempts)
        finally:
            if outcome is None and attempts.free_note is not None:
                self._safe.forget(attempts.free_note)
        return None if outcome is None else (outcome, attempts.needless_notes())

    async def _outcome(
        self, request: ChatRequest, body: dict[str, Any], key: str, first_key: str, attempts: _Attempts
    ) -> Completion | None:
        started_at = time.monotonic()
        try:
            with self._key.request():
                reply = await self._retrier.send(lambda: self._attempt(body, first_key, attempts))
            seconds = time.monotonic() - started_at
            outcome = self._completion(reply, request, key, body["n"], seconds)
        except AttemptError as error:
            if error.refused and not await self._key.passes():
                raise self._client.authentication_error(403) from None
            if not error.contact and self._retrier.last_contact_at < started_at:
                raise self._client.unreachable_error(error.reason) from None
            if self._stop.is_asked and error.retryable and not any(attempts.lost_tokens):
                return None
            outcome = Completion(key, request.kind, self._endpoint.model, "failed", error=error.reason)
        return self._with_lost_tokens(outcome, *attempts.lost_tokens)

    async def _attempt(self, body: dict[str, Any], first_key: str, attempts: _Attempts) -> Reply:
        """One try: what it may cost is put down before, and what it has cost is counted after."""
        if self._is_free:
            return await ask(self._client, body)
        worst_usd = worst_price(self._endpoint, body)
        await self._budget.reserve(worst_usd)
        charged_usd = 0.0
        try:
            if self._budget.limit_usd is not None and attempts.free_note is None and not self._stop.is_asked:
                # A kill would take what was in flight out of the sum that the limit is for.
                attempts.free_note = await self._safe.note_sent(first_key, worst_usd)
            if self._stop.is_asked:
                raise not_sent()
            note, attempts.free_note = attempts.free_note, None
            charged_usd = worst_usd  # until it is known, and for good where a second ctrl-C ends it
            try:
                reply = await ask(self._client, body)
            except (AttemptError, LanguageModelError, ConfigurationError) as error:
                if not isinstance(error, AttemptError) or not error.charged:
                    attempts.free_note, charged_usd = note, 0.0
                elif error.tokens is not None:
                    attempts.known(note)
                    attempts.lost(error.tokens)
                    charged_usd = price(self._endpoint, *error.tokens)
                else:
                    await self._keep(note, first_key, worst_usd)
                raise
            if reply.usage_reported:
                attempts.known(note)
                charged_usd = price(self._endpoint, reply.prompt_tokens, reply.completion_tokens)
            else:
                await self._keep(note, first_key, worst_usd)
            return reply
        finally:
            self.charged_usd += charged_usd
            await self._budget.settle(worst_usd, charged_usd)

    async def _keep(self, note: int | None, first_key: str, worst_usd: float) -> None:
        """Without token counts a hard limit can only hold if the worst is assumed, in later runs too."""
        if note is None:
            await self._safe.note_sent(first_key, worst_usd)

    def _completion(
        self, reply: Reply, request: ChatRequest, key: str, wanted: int, seconds: float
    ) -> Completion:
        choices = tuple(_fitting(choice, request) for choice in reply.choices[:wanted])
        has_text = any(choice.text is not None for choice in choices)
        known = reply.usage_reported or self._is_free
        paid_usd = price(self._endpoint, reply.prompt_tokens, reply.completion_tokens)
        return Completion(
            request_id=key,
            kind=request.kind,
            model=self._endpoint.model,
            status="ok" if has_text else "failed",
            choices=choices,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
            usage_reported=reply.usage_reported,
            price_usd=paid_usd if known else None,
            error=None if has_text else choices[0].no_text(),
            seconds=seconds,
        )

    def _with_lost_tokens(self, outcome: Completion, prompt: int, completion: int) -> Completion:
        """`outcome` with what attempts before it were charged for."""
        if not prompt and not completion:
            return outcome
        lost_usd = price(self._endpoint, prompt, completion)
        return replace(
            outcome,
            prompt_tokens=outcome.prompt_tokens + prompt,
            completion_tokens=outcome.completion_tokens + completion,
            usage_reported=outcome.usage_reported or outcome.status == "failed",
            price_usd=None if outcome.price_usd is None else outcome.price_usd + lost_usd,
        )


def _fitting(choice: Choice, request: ChatRequest) -> Choice:
    """`choice` as it is, or without its text where that is not of the form that was asked for."""
    if request.schema is None or choice.text is None:
        return choice
    misfit = request.schema.misfit(choice.text)
    return choice if misfit is None else Choice(None, choice.finish_reason, misfit)
