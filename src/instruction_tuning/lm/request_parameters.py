"""How many requests at a time, with how much patience and money: a group of parameters, and sending by it."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.failed_requests import note_failed
from instruction_tuning.lm.protocol import Endpoint


class RequestParameters(BaseModel):
    """`budget_usd` null is no limit; it counts what a run asks for, and what of it earlier runs paid for.

    A server that answers nothing but 429 (too many requests) is waited for `rate_limit_patience_seconds`;
    after that its requests count as failed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_concurrency: int = Field(ge=1, le=1024)
    max_retries: int = Field(ge=0, le=20)
    rate_limit_patience_seconds: float = Field(gt=0)
    max_failure_rate: float = Field(ge=0, le=1)
    budget_usd: float | None = Field(ge=0)
    progress_seconds: float = Field(gt=0)
    completion_store: Path


class Asker:
    """Asks by one group of parameters, so that its budget holds for all that is asked, and keeps the rows.

    `earlier` are completions that count towards the budget, too.
    """

    def __init__(self, parameters: RequestParameters, *earlier: pd.DataFrame) -> None:
        self._parameters, self._earlier = parameters, earlier
        self._paid = {name for frame in earlier for name in frame["request_id"]}
        self._asked: list[pd.DataFrame] = []

    def ask(self, endpoint: Endpoint, requests: Sequence[ChatRequest]) -> pd.DataFrame:
        """As `complete`."""
        return self.ask_all([endpoint], requests)

    def ask_all(self, endpoints: Sequence[Endpoint], requests: Sequence[ChatRequest]) -> pd.DataFrame:
        """As `complete_at`; what was asked before, word for word, costs nothing again."""
        completions = complete_at(
            endpoints, requests, self._parameters, earlier=[*self._earlier, *self._asked]
        )
        is_new = ~completions["request_id"].isin(self._paid)
        costs = ["prompt_tokens", "completion_tokens", "price_usd"]
        completions = completions.assign(**{name: completions[name].where(is_new, 0) for name in costs})
        self._paid |= set(completions["request_id"])
        self._asked.append(completions)
        return completions

    def completions(self, endpoint: Endpoint) -> pd.DataFrame:
        """All that was asked; an empty frame of `endpoint` where nothing was."""
        asked = [frame for frame in self._asked if not frame.empty]
        return pd.concat(asked, ignore_index=True) if asked else completions_frame(endpoint.model, [], {})


def complete(
    endpoint: Endpoint,
    requests: Sequence[ChatRequest],
    parameters: RequestParameters,
    *,
    earlier: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """One row a sample (schemas.teacher_completions), each request paid once; see completions.py.

    `earlier` are completions that count towards the budget, too.
    """
    return complete_at([endpoint], requests, parameters, earlier=earlier)


def complete_at(
    endpoints: Sequence[Endpoint],
    requests: Sequence[ChatRequest],
    parameters: RequestParameters,
    *,
    earlier: Sequence[pd.DataFrame] = (),
) -> pd.DataFrame:
    """Every request at each of `endpoints`, at the same time and within one budget: a row for each sample.

    `model` tells the rows apart; the samples of a record are numbered through.
    """
    if not requests:
        return completions_frame(endpoints[0].model, [], {})
    from instruction_tuning.lm.completions import CompletionLimits, complete_at_all
    from instruction_tuning.lm.retrying import RetryPolicy

    with CompletionStore(parameters.completion_store) as store:
        limits = CompletionLimits(
            max_concurrency=parameters.max_concurrency,
            max_failure_rate=parameters.max_failure_rate,
            budget_usd=parameters.budget_usd,
            spent_usd=_spent_usd(earlier, store),
            progress_seconds=parameters.progress_seconds,
            retries=RetryPolicy(
                max_retries=parameters.max_retries,
                rate_limit_patience_seconds=parameters.rate_limit_patience_seconds,
            ),
        )
        completions = complete_at_all(endpoints, requests, store, limits)
    note_failed(completions)
    return completions


def _spent_usd(completions: Sequence[pd.DataFrame], store: CompletionStore) -> float:
    """What they have cost, at worst where nobody told."""
    known = sum(float(frame["price_usd"].sum()) for frame in completions)
    return known + store.sent_usd({name for frame in completions for name in frame["request_id"]})
