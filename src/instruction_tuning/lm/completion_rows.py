"""The frame of completions: one row a sample, joined from the HTTP requests that gave them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.top_tokens import places_text

Parts = list[Completion]

COMPLETION_DTYPES = {
    "request_id": "str",
    "record_id": "str",
    "sample_index": "int64",
    "kind": "str",
    "model": "str",
    "response": "str",
    "finish_reason": "str",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "usage_reported": "bool",
    "price_usd": "float64",
    "status": "str",
    "error": "str",
    "top_tokens": "str",
}


def completions_frame(
    model: str, keyed_requests: Iterable[tuple[str, ChatRequest]], finished: Mapping[str, Parts]
) -> pd.DataFrame:
    """One row a sample, in the order of the requests; identical requests share the samples.

    Tokens and price of an HTTP request stand on its first row and are zero on the others.
    """
    counted: set[str] = set()
    rows = [row for key, request in keyed_requests for row in _rows(model, request, finished[key], counted)]
    return pd.DataFrame(rows, columns=list(COMPLETION_DTYPES)).astype(COMPLETION_DTYPES)


def _rows(model: str, request: ChatRequest, parts: Parts, counted: set[str]) -> Iterator[dict[str, Any]]:
    samples = [(part, choice) for part in parts for choice in part.choices if choice.text is not None]
    # Samples that did not come stand last, so that those that did keep their indices when they come later.
    last = parts[-1]
    lost = [choice for choice in last.choices if choice.text is None]
    missing = request.num_samples - len(samples)
    samples += [(last, choice) for choice in (*lost, *(Choice(None, None),) * missing)[:missing]]
    for index, (part, choice) in enumerate(samples[: request.num_samples], start=request.sample_index):
        first = part.request_id not in counted
        counted.add(part.request_id)
        failed = choice.text is None
        yield {
            "request_id": part.request_id,
            "record_id": request.record_id,
            "sample_index": index,
            "kind": request.kind,
            "model": model,
            "response": choice.text,
            "finish_reason": choice.finish_reason,
            "prompt_tokens": part.prompt_tokens if first else 0,
            "completion_tokens": part.completion_tokens if first else 0,
            "usage_reported": part.usage_reported,
            "price_usd": part.price_usd if first else 0.0,
            "status": "failed" if failed else "ok",
            "error": (part.error or choice.no_text()) if failed else None,
            "top_tokens": places_text(choice.top_tokens),
        }
