"""What was asked of the teacher and what it cost, counted from stored frames, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from instruction_tuning.text.counting import counted


@dataclass(frozen=True)
class TeacherUse:
    """Calls, tokens and price over all queries; `failed` counts samples and ratings that never came.

    `ratings` are answers with a readable rating, `unreadable` those whose rating held no number;
    `shared_ratings` answers were equal to another one of the same query, so that one request rated both.
    `price_usd` is null where a paid call came without its token counts.
    """

    requests: int
    answers: int
    ratings: int
    unreadable: int
    shared_ratings: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    price_usd: float | None
    models: Sequence[str]

    def sentences(self) -> str:
        """In words. The price is that of all requests; `teacher_bill` says at the end of a run who paid."""
        if not self.requests:
            return "No teacher was called."
        price = "price unknown (no token counts)" if self.price_usd is None else f"${self.price_usd:,.4f}"
        notes = [
            f"{counted(self.shared_ratings, 'answer')} equal to another shared its rating"
            if self.shared_ratings
            else "",
            f"{counted(self.unreadable, 'rating')} held no number" if self.unreadable else "",
        ]
        explained = "; ".join(note for note in notes if note)
        failed = f"{counted(self.failed, 'answer or rating', 'answers or ratings')} never came. "
        return (
            f"{counted(self.requests, 'request')} to {', '.join(self.models) or 'the teacher'} brought "
            f"{counted(self.answers, 'answer')} and a readable rating for {self.ratings:,} of them"
            f"{f' ({explained})' if explained else ''}. {failed if self.failed else ''}"
            f"Together they took {self.prompt_tokens:,} tokens in and "
            f"{self.completion_tokens:,} out: {price}, whichever run paid."
        )

    def price_of_each_usd(self, kept: int) -> float | None:
        """Dollars for each of the records that were `kept`; null where nothing was asked, kept or known."""
        if not self.requests or not kept or self.price_usd is None:
            return None
        return self.price_usd / kept


def teacher_use(responses: pd.DataFrame) -> TeacherUse:
    """Counted from `rated_responses`."""
    prices = responses["price_usd"]
    came = responses[responses["response"].notna()]
    asked = came[came["rating_status"] != "not_asked"]
    return TeacherUse(
        requests=int(responses["requests"].sum()),
        answers=len(came),
        ratings=int((came["rating_status"] == "ok").sum()),
        unreadable=int((came["rating_status"] == "unparseable").sum()),
        shared_ratings=int(asked.duplicated(["record_id", "response"]).sum()),
        failed=int((responses["rating_status"] == "failed").sum()),
        prompt_tokens=int(responses["prompt_tokens"].sum()),
        completion_tokens=int(responses["completion_tokens"].sum()),
        price_usd=None if prices.isna().any() else float(prices.sum()),
        models=sorted(responses["model"].dropna().unique()),
    )
