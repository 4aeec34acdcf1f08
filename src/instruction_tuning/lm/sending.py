"""One request to one endpoint: within the budget, repeated where that helps, checked, with its price."""

import time
from typing import Any

from instruction_tuning.lm.attempt import AttemptError, Reply
from instruction_tuning.lm.budget import Budget, is_free, price, worst_price
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.clients import ChatClient
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.key_trial import KeyTrial
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.retrying import Retrier
from instruction_tuning.lm.safe_keeping import SafeKeeping
from instruction_tuning.lm.stopping import Stop


class Sender:
    """Shared by all that send to `endpoint` in a run."""

    def __init__(
        self,
        endpoint: Endpoint,
        client: ChatClient,
        *,
        retrier: Retrier,
        budget: Budget,
        store: CompletionStore,
        safe: SafeKeeping,
        stop: Stop,
        key_is_proven: bool,
    ) -> None:
        self._endpoint, self._client, self._retrier = endpoint, client, retrier
        self._budget, self._store, self._safe, self._stop = budget, store, safe, stop
        self._key = KeyTrial(is_proven=key_is_proven)

    async def send(
        self, request: ChatRequest, body: dict[str, Any], key: str, *, first_key: str
    ) -> tuple[Completion, int | None] | None:
        """The outcome, and the note of having sent it; null where the run is stopping before there was one.

        `key` is the id of the request `body`, `first_key` that of the first one for `request`.
        """
        reserved_usd = worst_price(self._endpoint, body)
        await self._budget.reserve(reserved_usd)
        charged_usd = 0.0
        try:
            note = None
            if self._budget.limit_usd is not None and reserved_usd and not self._stop.is_asked:
                # A kill would take what was in flight out of the sum that the limit is for.
                note = await self._safe.note_sent(first_key, reserved_usd)
            outcome = None if self._stop.is_asked else await self._outcome(request, body, key)
            if outcome is None:
                self._store.forget_sent(note)
                return None
            # Without token counts the hard limit can only hold if the worst is assumed.
            charged_usd = reserved_usd if outcome.price_usd is None else outcome.price_usd
            return outcome, note
        finally:
            await self._budget.settle(reserved_usd, charged_usd)

    async def _outcome(self, request: ChatRequest, body: dict[str, Any], key: str) -> Completion | None:
        started_at = time.monotonic()
        try:
            with self._key.request():
                reply = await self._retrier.send(body)
            seconds = time.monotonic() - started_at
            return self._completion(reply, request, key, body["n"], seconds)
        except AttemptError as error:
            if error.refused and not await self._key.passes():
                raise self._client.authentication_error(403) from None
            if not error.contact and self._retrier.last_contact_at < started_at:
                raise self._client.unreachable_error(error.reason) from None
            if self._stop.is_asked and error.retryable:
                return None
            return Completion(key, request.kind, self._endpoint.model, "failed", error=error.reason)

    def _completion(
        self, reply: Reply, request: ChatRequest, key: str, wanted: int, seconds: float
    ) -> Completion:
        choices = tuple(_fitting(choice, request) for choice in reply.choices[:wanted])
        has_text = any(choice.text is not None for choice in choices)
        known = reply.usage_reported or is_free(self._endpoint)
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


def _fitting(choice: Choice, request: ChatRequest) -> Choice:
    """`choice` as it is, or without its text where that is not of the form that was asked for."""
    if request.schema is None or choice.text is None:
        return choice
    misfit = request.schema.misfit(choice.text)
    return choice if misfit is None else Choice(None, choice.finish_reason, misfit)
