"""What became of each pair of rated answers to one prompt."""

import pandera.pandas as pa

TRAIN, TEST, LEFT_OUT = "train", "test", "left_out"
TIE, BELOW_MIN_MARGIN, BEYOND_MAX_PAIRS, OVERLENGTH = (
    "tie",
    "below_min_margin",
    "beyond_max_pairs",
    "overlength",
)


class PairDecisions(pa.DataFrameModel):
    """Two rated answers to one prompt a row; `chosen` was preferred, but in a tie, where ids give the order.

    `left_out` pairs, and they alone, have a reason: a `tie` in rating or text; ratings `below_min_margin`
    apart; `beyond_max_pairs` of what is drawn to train on; an answer that is `overlength` with its prompt.
    """

    pair_id: str = pa.Field(unique=True)
    record_id: str
    chosen_response_id: str
    rejected_response_id: str
    chosen_rating: float
    rejected_rating: float
    decided_by_check: bool
    decision: str = pa.Field(isin=[TRAIN, TEST, LEFT_OUT])
    reason: str = pa.Field(isin=[TIE, BELOW_MIN_MARGIN, BEYOND_MAX_PAIRS, OVERLENGTH], nullable=True)

    class Config:
        strict = True
