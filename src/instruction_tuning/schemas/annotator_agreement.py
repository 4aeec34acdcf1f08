"""How far people agree."""

import pandera.pandas as pa


class AnnotatorAgreement(pa.DataFrameModel):
    """One measure a row, of everyone (`all`) or of two people, on the `tasks` that at least two of them did;
    null where nothing can be said. `annotation.agreement` says what is measured."""

    question: str = pa.Field(isin=["review_verdict", "review_mark", "comparison", "rewrite", "correct"])
    people: str
    measure: str = pa.Field(
        isin=["raw_agreement", "krippendorff_alpha", "cohen_kappa", "left_choice_rate", "text_similarity"]
    )
    tasks: int = pa.Field(ge=0)
    estimate: float = pa.Field(nullable=True, ge=-1, le=1)
    low: float = pa.Field(nullable=True)
    high: float = pa.Field(nullable=True)

    class Config:
        strict = True
        unique: tuple[str, ...] = ("question", "people", "measure")
