"""Instructions that a language model wrote, kept and dropped, each with what became of it."""

import pandas as pd
import pandera.pandas as pa

METHODS = ("seed", "self_instruct", "unnatural", "unnatural_paraphrase", "textbook")


class SynthesisedInstructions(pa.DataFrameModel):
    """One example of an instruction a row, or what was dropped before it became one.

    `task_id`: of the instruction, which its examples share. `parent_ids`: the tasks that were shown when it
    was written, the instruction that it rewords, the section that it practises. `raw`: the part of the reply
    that it was read from. `nearest_task_id` and `nearest_rouge_l`: the known task that is nearest by ROUGE-L
    and its F; null where it was not compared. `prompt_digest`: of the prompt file that asked for it.
    """

    record_id: str = pa.Field(unique=True)
    task_id: str
    parent_ids: object
    method: str = pa.Field(isin=METHODS)
    round: int = pa.Field(ge=0)
    language: str = pa.Field(isin=["en", "zh"])
    instruction: str = pa.Field(nullable=True)
    input: str = pa.Field(nullable=True)
    output: str = pa.Field(nullable=True)
    is_classification: pd.BooleanDtype = pa.Field(nullable=True)
    status: str = pa.Field(isin=["kept", "dropped"])
    drop_reason: str = pa.Field(nullable=True, str_matches=r"^[a-z][a-z_]*$")
    detail: str = pa.Field(nullable=True)
    nearest_task_id: str = pa.Field(nullable=True)
    nearest_rouge_l: float = pa.Field(ge=0, le=1, nullable=True)
    prompt_digest: str = pa.Field(nullable=True, str_matches=r"^[0-9a-f]{12}$")
    raw: str = pa.Field(nullable=True)

    class Config:
        strict = True

    @pa.dataframe_check(error="a dropped row, and no other, has a reason; a kept one instruction and output")
    def status_fits_the_content(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_kept = frame["status"] == "kept"
        whole = frame["instruction"].notna() & frame["input"].notna() & frame["output"].notna()
        return (frame["drop_reason"].isna() == is_kept) & (whole | ~is_kept)
