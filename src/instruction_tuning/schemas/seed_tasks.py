"""Tasks written by people, from which new ones are bootstrapped."""

import pandera.pandas as pa


class SeedTasks(pa.DataFrameModel):
    """One task with one right example a row; `input` is empty where the task needs none.

    `is_classification`: the answer is one of a few labels that are fixed beforehand.
    """

    id: str = pa.Field(unique=True, str_length={"min_value": 1})
    instruction: str = pa.Field(str_matches=r"\S")
    input: str
    output: str = pa.Field(str_matches=r"\S")
    is_classification: bool
    language: str = pa.Field(isin=["en", "zh"])
