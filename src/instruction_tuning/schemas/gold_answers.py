"""Answers that people wrote, and what people said of answers."""

import pandas as pd
import pandera.pandas as pa

UTC_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$"


class GoldAnswers(pa.DataFrameModel):
    """One written answer a person and task, and one row for each that was passed over.

    `before` is what was rewritten or corrected, `after` what the person made of it (null where skipped).
    `status`: `gold` is taken; `not_chosen` is another person's text for the same task; `skipped`. `messages`
    ends with the answer where one was written. `parent_ids`: the record, then the response if a teacher
    gave it.
    """

    gold_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    task_id: str
    record_id: str
    kind: str = pa.Field(isin=["rewrite", "correct"])
    messages: object
    before: str
    after: str = pa.Field(nullable=True, str_length={"min_value": 1})
    is_changed: bool
    who: str
    at: str = pa.Field(str_matches=UTC_TIME)
    seconds: float = pa.Field(nullable=True, ge=0)
    status: str = pa.Field(isin=["gold", "not_chosen", "skipped"])
    parent_ids: object

    class Config:
        strict = True

    @pa.dataframe_check(error="a text is missing exactly where the task was skipped")
    def a_text_is_missing_where_skipped(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame["after"].isna() == (frame["status"] == "skipped")


class AnnotationVerdicts(pa.DataFrameModel):
    """What a person said of an answer (accept, reject) or a pair (first, second, tie); or skipped.

    `shown_first` is the answer of a pair that stood on the left. `majority` is what more people said of the
    task than anything else, null where no such thing is.
    """

    task_id: str
    record_id: str
    kind: str = pa.Field(isin=["review", "compare"])
    response_id: str = pa.Field(nullable=True)
    other_response_id: str = pa.Field(nullable=True)
    verdict: str = pa.Field(isin=["accept", "reject", "first", "second", "tie", "skipped"])
    mark: float = pa.Field(nullable=True, ge=1, le=10)
    reason: str
    who: str
    at: str = pa.Field(str_matches=UTC_TIME)
    seconds: float = pa.Field(nullable=True, ge=0)
    shown_first: str = pa.Field(nullable=True, isin=["first", "second"])
    majority: str = pa.Field(nullable=True)

    class Config:
        strict = True
        unique: tuple[str, ...] = ("task_id", "who")
