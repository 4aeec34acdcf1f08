"""Tasks written by people, from which new ones are bootstrapped."""

import pandera.pandas as pa


class SeedTasks(pa.DataFrameModel):
    """One task with one right example a row; `input` is empty where the task needs none.

    `is_classification`: the answer is one of a few labels that are fixed beforehand.
    """

    id: str = pa.Field(
        unique=True, str_length={"min_value": 1}, description="a name that no other task of the file has"
    )
    instruction: str = pa.Field(str_matches=r"\S", description="a text that asks for something")
    input: str = pa.Field(description='a text, "" where the task needs none')
    output: str = pa.Field(str_matches=r"\S", description="a text, one right answer")
    is_classification: bool = pa.Field(description="true or false, without quotes")
    language: str = pa.Field(isin=["en", "zh"], description='"en" or "zh"')
