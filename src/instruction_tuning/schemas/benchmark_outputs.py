"""What each measured model answered."""

import pandera.pandas as pa

from instruction_tuning.schemas.benchmark_metrics import FORMS, ROLES


class BenchmarkOutputs(pa.DataFrameModel):
    """One answer a row; `extracted` is null where no answer could be read from the response.

    `score` is 1 for a right answer, 0 for a wrong one, and between them where a part is right.
    """

    model_role: str = pa.Field(isin=ROLES)
    model_digest: str
    ability: str
    language: str
    form: str = pa.Field(isin=FORMS)
    item_id: str
    prompt: str
    response: str
    extracted: str = pa.Field(nullable=True)
    target: str
    score: float = pa.Field(ge=0, le=1)
    skill: str
    difficulty: int = pa.Field(ge=1)
    counted: bool

    class Config:
        unique = ("model_role", "form", "item_id")
