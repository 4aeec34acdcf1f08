"""Every sample that was asked of the teacher, with what it cost."""

import pandas as pd
import pandera.pandas as pa

KINDS = (
    *("answer", "rating", "tests", "repair", "tagging", "difficulty", "translation", "answer_translation"),
    *("joint_rating", "critique"),
    *("topic", "topic_question", "principled_answer", "verbose_answer"),
    *("complexity_evolution", "quality_evolution", "joint_complexity", "joint_quality"),
    *("new_tasks", "task_kind", "instances", "three_shots", "task_output", "paraphrasing"),
    *("textbook_section", "textbook_exercises"),
    *("evolution", "evolution_check"),
    *("backtranslation", "curation"),
)


class TeacherCompletions(pa.DataFrameModel):
    """One sample of an answer, a rating or another reply a row.

    Samples that came in one HTTP request share its `request_id`; its tokens and its price stand on the
    first of them, so that columns add up to what was paid. `price_usd` is null where the endpoint
    costs money but did not say how many tokens it used (`usage_reported` false). `top_tokens` is what a score
    was read from (lm/top_tokens.py), null where none was asked for.
    """

    request_id: str = pa.Field(str_matches=r"^[0-9a-f]{32}$")
    record_id: str
    sample_index: int = pa.Field(ge=0)
    kind: str = pa.Field(isin=KINDS)
    model: str
    response: str = pa.Field(nullable=True)
    finish_reason: str = pa.Field(nullable=True)
    prompt_tokens: int = pa.Field(ge=0)
    completion_tokens: int = pa.Field(ge=0)
    usage_reported: bool
    price_usd: float = pa.Field(ge=0, nullable=True)
    status: str = pa.Field(isin=["ok", "failed"])
    error: str = pa.Field(nullable=True)
    top_tokens: str | None = pa.Field(nullable=True)  # frames from before have no such column

    class Config:
        strict = True
        unique = ("kind", "record_id", "sample_index")

    @pa.dataframe_check(error="an ok row has a response, a failed row an error")
    def status_fits_the_content(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_ok = frame["status"] == "ok"
        return (frame["response"].notna() == is_ok) & (frame["error"].isna() == is_ok)
