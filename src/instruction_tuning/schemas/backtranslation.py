"""Candidate instructions for segments, what became of them in each round, and what a round trains on."""

import pandas as pd
import pandera.pandas as pa

from instruction_tuning.schemas.canonical_instructions import LANGUAGE

CANDIDATE_STATUSES = (
    *("ok", "failed", "segment_too_long", "empty", "cut_off", "too_long", "repeating", "copied"),
)

# What a figure shows: that the code does what it says, or what a trained model does.
KINDS_OF_EVIDENCE = ("mechanism", "effect")


class BacktranslatedCandidates(pa.DataFrameModel):
    """A row a segment: `response` is its text, `instruction` what was written for it.

    `writer`: the digest of the reverse model, or a teacher's name. `reason` says what is wrong where `status`
    is not `ok`.
    """

    segment_id: str = pa.Field(unique=True)
    document_id: str
    language: str = pa.Field(str_matches=LANGUAGE)
    response: str
    instruction: str = pa.Field(nullable=True)
    status: str = pa.Field(isin=CANDIDATE_STATUSES)
    reason: str = pa.Field(nullable=True)
    writer: str

    class Config:
        strict = True

    @pa.dataframe_check(error="an ok row has an instruction and no reason, another row a reason")
    def status_fits_the_content(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        is_ok = frame["status"] == "ok"
        return (~is_ok | frame["instruction"].notna()) & (frame["reason"].isna() == is_ok)


class CuratedCandidates(pa.DataFrameModel):
    """A row a candidate, whatever its status, judged by the model of the round before.

    `expected_score`: expected level over the tokens of the five digits; `text_score`: the level that the
    reply names, with `parse_ok` (null where nothing was asked). `score` is the one that decides; where it is
    null the candidate is not `kept`. `reason` says why not.
    """

    segment_id: str = pa.Field(unique=True)
    document_id: str
    language: str = pa.Field(str_matches=LANGUAGE)
    response: str
    instruction: str = pa.Field(nullable=True)
    round: int = pa.Field(ge=0)
    expected_score: float = pa.Field(ge=1, le=5, nullable=True)
    text_score: float = pa.Field(ge=1, le=5, nullable=True)
    parse_ok: object = pa.Field(isin=[True, False], nullable=True)
    score: float = pa.Field(ge=1, le=5, nullable=True)
    reply: str = pa.Field(nullable=True)
    kept: bool
    reason: str = pa.Field(nullable=True)
    judge: str = pa.Field(nullable=True)

    class Config:
        strict = True

    @pa.dataframe_check(error="a kept row has a score and no reason, another row a reason")
    def kept_has_a_score(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return (~frame["kept"] | frame["score"].notna()) & (frame["reason"].isna() == frame["kept"])


class BacktranslationExamples(pa.DataFrameModel):
    """What a round's model is trained on, from the base: seed pairs, and pairs that were kept.

    `messages` begin with the tag of their source; `record_id` is a record's or a segment's.
    """

    record_id: str = pa.Field(unique=True)
    response_id: str = pa.Field(nullable=True)
    source: str = pa.Field(isin=["seed", "web"])
    messages: object

    class Config:
        strict = True


class CurationAccuracy(pa.DataFrameModel):
    """A row a round where the truth about each pair is known; each rate with its 95% limits.

    `right_rate` is the precision of keeping everything. A rate of nothing is null.
    """

    round: int = pa.Field(unique=True, ge=0)
    kind: str = pa.Field(isin=KINDS_OF_EVIDENCE)
    candidates: int = pa.Field(ge=0)
    right: int = pa.Field(ge=0)
    kept: int = pa.Field(ge=0)
    kept_right: int = pa.Field(ge=0)
    rates: float = pa.Field(
        alias=r"^(right_rate|precision|recall)(_low|_high)?$", regex=True, ge=0, le=1, nullable=True
    )

    class Config:
        strict = True
