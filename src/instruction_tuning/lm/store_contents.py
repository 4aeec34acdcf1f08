"""What is in a completion store: counts, single requests, and what requests of a kind take."""

from dataclasses import dataclass

from instruction_tuning.lm.completion_store import CompletionStore

_SAMPLE_REQUESTS = 1000


@dataclass(frozen=True, slots=True)
class TokenSample:
    """Means over `requests` of one kind: tokens of a prompt, tokens of a sample, and seconds of a request.

    `seconds` is null where they are not known.
    """

    requests: int
    prompt_tokens: float
    completion_tokens: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class StoredKind:
    """The requests of one kind to one model that ended in the same way; days are UTC.

    `price_usd` leaves those out whose price is not known, which `unpriced` counts.
    """

    kind: str
    model: str
    status: str
    requests: int
    samples: int
    prompt_tokens: int
    completion_tokens: int
    price_usd: float
    unpriced: int
    first_day: str
    last_day: str


def token_sample(store: CompletionStore, kind: str, model: str) -> TokenSample | None:
    """From the stored requests of this kind to this model; null where there is none with token counts.

    Ids are digests, so the first of them are as good as drawn at random.
    """
    query = """
        SELECT COUNT(*), AVG(prompt_tokens), TOTAL(completion_tokens) / TOTAL(json_array_length(choices)),
               AVG(seconds)
        FROM (SELECT * FROM completions
              WHERE kind = ? AND model = ? AND status = 'ok' AND usage_reported = 1 LIMIT ?)
    """
    requests, prompt_tokens, completion_tokens, seconds = next(
        store.query(query, (kind, model, _SAMPLE_REQUESTS))
    )
    return TokenSample(requests, prompt_tokens, completion_tokens, seconds) if requests else None


def stored_kinds(store: CompletionStore) -> list[StoredKind]:
    """All that is stored, by kind, model and status."""
    query = """
        SELECT kind, model, status, COUNT(*), SUM(json_array_length(choices)), SUM(prompt_tokens),
               SUM(completion_tokens), TOTAL(price_usd), SUM(price_usd IS NULL),
               MIN(substr(finished_at, 1, 10)), MAX(substr(finished_at, 1, 10))
        FROM completions GROUP BY kind, model, status ORDER BY kind, model, status DESC
    """
    return [StoredKind(*row) for row in store.query(query)]


def ids_like(store: CompletionStore, beginning: str, *, at_most: int = 10) -> list[str]:
    """Ids of stored requests that begin so."""
    query = "SELECT request_id FROM completions WHERE substr(request_id, 1, ?) = ? LIMIT ?"
    return [row[0] for row in store.query(query, (len(beginning), beginning, at_most))]
