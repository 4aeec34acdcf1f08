"""Mean score of each measured model, by ability and form."""

import pandera.pandas as pa

ROLES = ("base", "candidate", "champion")
FORMS = ("document_few_shot", "chat_zero_shot", "chat_few_shot")
MACRO = "macro"  # stands for an ability where a row is the mean over them
# What a form is called wherever a person reads of it, in the order of the tables.
FORM_NAMES = {
    "chat_zero_shot": "chat",
    "chat_few_shot": "chat with examples",
    "document_few_shot": "document form",
}
# The mean over the counted abilities, in the column `ability`.
MACRO = "macro"


def ability_name(ability: str) -> str:
    """What an ability is called wherever a person reads of it."""
    return "mean over abilities" if ability == MACRO else ability.replace("_", " ")


class BenchmarkMetrics(pa.DataFrameModel):
    """One model, ability and form a row; ability `macro` is the mean over those that are `counted`.

    `accuracy` is the mean score: the share of right answers where no answer can be right in part.
    """

    model_role: str = pa.Field(isin=ROLES)
    ability: str
    form: str = pa.Field(isin=FORMS)
    accuracy: float = pa.Field(ge=0, le=1)
    ci_low: float = pa.Field(ge=0, le=1)
    ci_high: float = pa.Field(ge=0, le=1)
    items: int = pa.Field(gt=0)
    extraction_rate: float = pa.Field(ge=0, le=1)
    counted: bool

    class Config:
        unique = ("model_role", "ability", "form")
