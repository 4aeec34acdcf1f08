"""What a benchmark asks: an item in the documents' own form and as a question."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

ANSWER_KINDS = ("number", "span", "words", "set", "facts", "constraints", "program")


class BenchmarkItems(pa.DataFrameModel):
    """One item a row. `document_prompt` is completed on its line by `document_target`.

    `target` is the answer itself, `example_answer` what an assistant says where the item is a few-shot
    example. Examples come from split train only, results from split test only. `answer_kind` says how
    an answer is scored, and `rubric` holds in JSON what the kind needs beside the target
    (verification/answer_score.py); `turns` in JSON is the conversation before the question, as a list of
    `{prompt, answer}`. Items that are not `counted` are measured and reported, and decide nothing.
    """

    item_id: str = pa.Field(unique=True)
    ability: str
    skill: str
    language: str
    split: str = pa.Field(isin=["train", "validation", "test"])
    phrasing_id: str
    question: str
    document_prompt: str
    document_target: str
    target: str
    example_answer: str
    answer_kind: str = pa.Field(isin=ANSWER_KINDS)
    rubric: Series[str] | None
    turns: Series[str] | None
    difficulty: Series[int] | None = pa.Field(ge=1)
    counted: Series[bool] | None
