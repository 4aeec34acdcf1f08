"""How a rating is read: from the text of a reply, or as the expected value over the tokens of its number.

Liu et al. 2023, G-Eval (arXiv 2303.16634), weigh a judge's scores by the probabilities of their tokens: a
judge that wavers between 7 and 8 gives 7.4, where its text says 7. Departures: one reply, whose
log-probabilities the server gives, in the place of twenty samples; what the likeliest tokens leave open is
reported (`covered_mass`), and where it is more than half there is no rating.
"""

import json
from dataclasses import dataclass
from typing import Literal

from instruction_tuning.lm.top_tokens import ExpectedValue, expected_value, places_of
from instruction_tuning.verification.marks import last_mark, last_mark_place, mark_pattern

ScoredBy = Literal["expected_value", "parsed_text"]
LOWEST_RATING, HIGHEST_RATING = 1, 10
LEAST_COVERED_MASS = 0.5
_RATING = mark_pattern("rating|评分")


@dataclass(frozen=True)
class RatingForm:
    """What is asked for beside the text, and how the mark is read."""

    score_by: ScoredBy = "parsed_text"

    @property
    def prompt(self) -> str:
        """The file it is asked by."""
        return "rating"

    @property
    def with_top_tokens(self) -> bool:
        """Whether log-probabilities are asked for."""
        return self.score_by == "expected_value"

    def mark(self, reply: str) -> float | None:
        """The number in the text, null where there is none on the scale."""
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
        return last_mark_place(reply, _RATING)
