"""What else a model might have written in the place of a number, and how likely: from a reply's `logprobs`.

Of a reply only the places are kept whose token has a digit in it, and those right behind them: a score is
read from these, and a store that kept all of them would be many times as large.

The expected value of a number that a model wrote, over the values that were asked for:

    E = sum_v v · p(v) / sum_v p(v)        covered mass = sum_v p(v)

p(v) is the probability of the tokens that read v there, whatever spaces stand before them. Where a tokenizer
writes 10 as 1 and 0, the probability of 1 is that of both. Behind the 1 that the model wrote the next place
tells them apart; behind one that it did not write nothing does, and its probability counts as not covered.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

TOP_TOKENS = 20  # the most that OpenAI's API gives


@dataclass(frozen=True)
class TokenPlace:
    """The `token` that begins at character `start` of the text, and the likeliest there: (token, log p)."""

    start: int
    token: str
    likeliest: tuple[tuple[str, float], ...]

    def entry(self) -> list[Any]:
        """As it is stored."""
        return [self.start, self.token, [list(pair) for pair in self.likeliest]]


@dataclass(frozen=True)
class ExpectedValue:
    """The value, and the probability of all that reads as one of the values: what it stands on."""

    value: float
    covered_mass: float


def places_of(entries: Iterable[Sequence[Any]]) -> tuple[TokenPlace, ...]:
    """From what `entry` gave."""
    return tuple(
        TokenPlace(int(start), str(token), tuple((str(other), float(log_p)) for other, log_p in likeliest))
        for start, token, likeliest in entries
    )


def places_text(places: tuple[TokenPlace, ...] | None) -> str | None:
    """As a frame holds them: JSON; null where a reply came without."""
    return None if places is None else json.dumps([place.entry() for place in places], ensure_ascii=False)


def number_places(places: Sequence[TokenPlace]) -> tuple[TokenPlace, ...]:
    """Those with a digit in their token, and those right behind them."""
    has_digit = [any(sign.isdecimal() for sign in place.token) for place in places]
    return tuple(
        place
        for number, place in enumerate(places)
        if has_digit[number] or (number and has_digit[number - 1])
    )


def parse_logprobs(logprobs: Any, text: str) -> tuple[TokenPlace, ...] | None:
    """The places of numbers from a choice's `logprobs`; null where there are none, or not those of `text`."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list) or not content:
        return None
    try:
        pieces = [_bytes(item) for item in content]
        likeliest = [_likeliest(item) for item in content]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    written, whole = b"".join(pieces), text.encode("utf-8", "surrogatepass")
    begin = written.rfind(whole)  # thoughts may stand before it
    if begin < 0:
        return None
    places, place = [], 0
    for piece, tokens in zip(pieces, likeliest, strict=True):
        if begin <= place < begin + len(whole):
            start = len(written[begin:place].decode("utf-8", "ignore"))
            places.append(TokenPlace(start, piece.decode("utf-8", "replace"), tokens))
        place += len(piece)
    return number_places(places)


def expected_value(
    places: Sequence[TokenPlace], start: int, end: int, *, lowest: int, highest: int
) -> ExpectedValue | None:
    """Of the number that a text has from character `start` to `end`; null where no place is known for it."""
    at = next((n for n, place in enumerate(places) if 0 <= start - place.start < len(place.token)), None)
    if at is None:
        return None
    place = places[at]
    before = place.token[: start - place.start]
    read = _numbers(place, before)
    values = [str(value) for value in range(lowest, highest + 1)]
    mass = {value: read.get(value, 0.0) for value in values}
    for short in values:
        longer = [value for value in values if value != short and value.startswith(short)]
        if not longer or any(value in read for value in longer):
            continue  # nothing to tell apart, or the tokenizer writes such numbers whole
        if place.token[len(before) :].strip() == short:
            behind = _behind(places, at)
            for value in longer:
                mass[value] = mass[short] * behind.get(value[len(short) :], 0.0)
            mass[short] -= sum(mass[value] for value in longer)
        else:
            mass[short] = 0.0
    covered = math.fsum(mass.values())
    if covered <= 0:
        return None
    expected = math.fsum(int(value) * p for value, p in mass.items()) / covered
    return ExpectedValue(min(max(expected, float(lowest)), float(highest)), min(covered, 1.0))


def _numbers(place: TokenPlace, before: str) -> dict[str, float]:
    """The probability of each number that the place may go on with, behind what `before` is of its token."""
    read: dict[str, float] = {}
    for token, log_p in place.likeliest:
        if before.strip() and not token.startswith(before):
            continue
        number = (token[len(before) :] if before.strip() else token).strip()
        if number.isascii() and number.isdigit():
            read[number] = read.get(number, 0.0) + math.exp(log_p)
    return read


def _behind(places: Sequence[TokenPlace], at: int) -> dict[str, float]:
    """The probability of each number right behind the token of place `at`; empty where the text ended."""
    ends_at = places[at].start + len(places[at].token)
    follows = at + 1 < len(places) and places[at + 1].start == ends_at
    if not follows:
        return {}
    read: dict[str, float] = {}
    for token, log_p in places[at + 1].likeliest:
        if token.isascii() and token.isdigit():
            read[token] = read.get(token, 0.0) + math.exp(log_p)
    return read


def _bytes(item: dict[str, Any]) -> bytes:
    said = item.get("bytes")
    return bytes(said) if said else str(item["token"]).encode("utf-8", "surrogatepass")


def _likeliest(item: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """The token that was taken may not be among the likeliest."""
    found: dict[str, float] = {}
    for one in (item, *(item.get("top_logprobs") or ())):
        token, log_p = _bytes(one).decode("utf-8", "replace"), float(one["logprob"])
        if math.isfinite(log_p):
            found[token] = log_p
    return tuple(found.items())
