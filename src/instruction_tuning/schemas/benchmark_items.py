"""What a benchmark asks: an item in the documents' own form and as a question."""

import pandera.pandas as pa


class BenchmarkItems(pa.DataFrameModel):
    """One item a row. `document_prompt` is completed on its line by `document_target`.

    `target` is the answer itself, `example_answer` what an assistant says where the item is a few-shot
    example. Examples come from split train only, results from split test only.
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
    answer_kind: str = pa.Field(isin=["number", "span"])
