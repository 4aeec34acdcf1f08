"""How a rating is asked for and read: by a line of text or by JSON, as it is written or as an expected value.

Liu et al. 2023, G-Eval (arXiv 2303.16634), weigh a judge's scores by the probabilities of their tokens: a
judge that wavers between 7 and 8 gives 7.4, where its text says 7. Departures: one reply, whose
log-probabilities the server gives, in the place of twenty samples; what the likeliest tokens leave open is
reported (`covered_mass`), and where it is more than half there is no rating.
"""

import json
import re
from dataclasses import dataclass
from typing import Literal

from instruction_tuning.lm.reply_schema import ReplySchema, reply_schema
from instruction_tuning.lm.top_tokens import ExpectedValue, expected_value, places_of
from instruction_tuning.verification.marks import last_mark, last_mark_place, mark_pattern

ScoredBy = Literal["expected_value", "parsed_text"]
LOWEST_RATING, HIGHEST_RATING = 1, 10
LEAST_COVERED_MASS = 0.5
_RATING = mark_pattern("rating|评分")
_JSON_RATING = re.compile(r'"rating"\s*:\s*(\d+)')
_SCHEMA = {
    "type": "object",
    "properties": {
        # `minimum` and `maximum` are not taken by every server.
        "rating": {"type": "integer", "enum": list(range(LOWEST_RATING, HIGHEST_RATING + 1))},
        "reason": {"type": "string"},
    },
    "required": ["rating", "reason"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class RatingForm:
    """What is asked for beside the text, and how the mark is read.

    `structured_output` asks by a prompt and a schema for JSON; a reply that does not fit has failed.
    """

    score_by: ScoredBy = "parsed_text"
    structured_output: bool = False

    @property
    def prompt(self) -> str:
        """The file it is asked by."""
        return "rating_json" if self.structured_output else "rating"

    @property
    def schema(self) -> ReplySchema | None:
        """What a reply has to be; null for any text."""
        return reply_schema("rating", _SCHEMA) if self.structured_output else None

    @property
    def with_top_tokens(self) -> bool:
        """Whether log-probabilities are asked for."""
        return self.score_by == "expected_value"

    def mark(self, reply: str) -> float | None:
        """The number in the reply, null where there is none on the scale."""
        if self.structured_output:
            return float(json.loads(reply)["rating"])  # it fits the schema, or it would not have come
        return last_mark(reply, _RATING, lowest=LOWEST_RATING, highest=HIGHEST_RATING)

    def expected(self, reply: str, top_tokens: str | None) -> ExpectedValue | None:
        """From the tokens in the place of the number.

        Null for a reply that is unreadable, has no whole number, or leaves more than half of the probability
        open.
        """
        mark, place = self.mark(reply), self._place(reply)
        if mark is None or not mark.is_integer() or place is None or not isinstance(top_tokens, str):
            return None
        found = expected_value(
            places_of(json.loads(top_tokens)), *place, lowest=LOWEST_RATING, highest=HIGHEST_RATING
        )
        return found if found is not None and found.covered_mass >= LEAST_COVERED_MASS else None

    def _place(self, reply: str) -> tuple[int, int] | None:
        if not self.structured_output:
            return last_mark_place(reply, _RATING)
        found = _JSON_RATING.search(reply)
        return found.span(1) if found else None
