"""The answer of an /embeddings endpoint: read, and refused where it is not what was asked for.

A body that is no such answer may be a gateway's and is worth another attempt. One that lacks vectors, or has
other ones than those of the texts, will come again: it ends the run, and names the field.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from instruction_tuning.errors import LanguageModelError
from instruction_tuning.lm.attempt import AttemptError, Usage, token_count
from instruction_tuning.lm.rate_limits import RateNews

_FIX = "take a server that answers /embeddings as OpenAI's API does; vectors that came before are kept"


@dataclass(frozen=True, kw_only=True)
class EmbeddingReply(Usage):
    """Unit vectors (N, D) as float32, in the order of the texts."""

    vectors: np.ndarray


def parse_embeddings(content: bytes, count: int, news: RateNews | None = None) -> EmbeddingReply:
    """Read a body with the vectors of `count` texts.

    Raises a retryable `AttemptError` where it is no such body, `LanguageModelError` where vectors are wrong.
    """
    try:
        body = json.loads(content)
    except ValueError:
        raise AttemptError(f"the reply is not JSON: {content[:80]!r}", charged=True) from None
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise AttemptError(f"the reply has no data: {content[:80]!r}", charged=True)
    tokens = token_count(body.get("usage"), "prompt_tokens")
    by_index = _in_order(data, count)
    return EmbeddingReply(
        vectors=unit_vectors([by_index[place]["embedding"] for place in range(count)]),
        prompt_tokens=tokens or 0,
        completion_tokens=0,
        usage_reported=tokens is not None,
        news=news,
    )


def unit_vectors(rows: list[Any]) -> np.ndarray:
    """(N, D) float32 of length 1; raises `LanguageModelError` for what is no vector with a direction."""
    width = len(rows[0]) if isinstance(rows[0], list) else 0
    for place, row in enumerate(rows):
        if not (isinstance(row, list) and row and all(type(value) in (int, float) for value in row)):
            raise _error("is no list of numbers", place)
        if len(row) != width:
            raise _error(f"has {len(row)} dimensions, and the first of the same reply {width}", place)
    vectors = np.array(rows, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    for place in np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0))).tolist():
        raise _error("is all zeros" if lengths[place] == 0 else "has a number that is not finite", place)
    return (vectors / lengths[:, None]).astype(np.float32)


def _in_order(data: list[Any], count: int) -> dict[int, dict[str, Any]]:
    """The items of `data` by their index, which has to be there: order alone proves nothing."""
    by_index: dict[int, dict[str, Any]] = {}
    for place, item in enumerate(data):
        index = item.get("index") if isinstance(item, dict) else None
        if type(index) is not int or "embedding" not in item:
            lacks = "index" if type(index) is not int else "embedding"
            raise LanguageModelError(
                f"an item of the reply's embeddings has no {lacks}", field=f"data[{place}].{lacks}", fix=_FIX
            )
        by_index[index] = item
    missing = [place for place in range(count) if place not in by_index]
    if missing or len(data) != count:
        raise LanguageModelError(
            f"{len(data)} vectors came for {count} texts"
            + (f", and none has index {missing[0]}" if missing else ""),
            field="data[].index",
            fix=f"lower batch_size: servers that leave texts out have a limit on one request; or {_FIX}",
        )
    return by_index


def _error(what: str, place: int) -> LanguageModelError:
    return LanguageModelError(f"an embedding {what}", field=f"data[{place}].embedding", fix=_FIX)
