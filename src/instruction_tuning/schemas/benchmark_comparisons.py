"""The candidate against a reference on the same items, by ability and form."""

import pandera.pandas as pa

from instruction_tuning.schemas.benchmark_metrics import FORMS


class BenchmarkComparisons(pa.DataFrameModel):
    """One reference, ability and form a row; differences are candidate minus reference in [-1, 1].

    `gained` and `lost` sum the score by which the candidate, the reference was better on single items:
    the number of items that only one of them got right, where no answer is right in part. Abilities that
    are not `counted` decide nothing.
    """

    reference_role: str = pa.Field(isin=["base", "champion"])
    ability: str
    form: str = pa.Field(isin=FORMS)
    difference: float = pa.Field(ge=-1, le=1)
    ci_low: float = pa.Field(ge=-1, le=1)
    ci_high: float = pa.Field(ge=-1, le=1)
    p_value_gain: float = pa.Field(ge=0, le=1)
    p_value_loss: float = pa.Field(ge=0, le=1)
    items: int = pa.Field(gt=0)
    gained: float = pa.Field(ge=0)
    lost: float = pa.Field(ge=0)
    counted: bool

    class Config:
        unique = ("reference_role", "ability", "form")
