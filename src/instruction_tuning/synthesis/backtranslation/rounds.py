"""What a round keeps, and what the next model is trained on: from the base, each time.

Li et al. 2023, Humpback (arXiv 2308.06259): M_0 is trained on the seeds; M_t scores all candidates, those of
level k and above are kept, and M_{t+1} is trained from the base on seeds + kept; two rounds in the paper,
with k = 5 in the end. The paper calls A_5 what has 4.5 and A_4 what has 4. O(N).
"""

import logging
from collections.abc import Mapping
from typing import Literal

import pandas as pd

from instruction_tuning.synthesis.backtranslation.seed_pairs import forward_examples
from instruction_tuning.synthesis.backtranslation.self_curation import Rating
from instruction_tuning.synthesis.backtranslation.source_tags import SEED, WEB
from instruction_tuning.verification.rating_form import ScoredBy

logger = logging.getLogger(__name__)

KeptLevel = Literal[4, 5]
LEAST_SCORES: dict[KeptLevel, float] = {4: 4.0, 5: 4.5}
_NOTHING: Rating = {"reply": None, "text_score": None, "expected_score": None}
_PLACE = ["segment_id", "document_id", "language", "response", "instruction"]


def unjudged(candidates: pd.DataFrame) -> pd.DataFrame:
    """Round 0: nothing is judged and nothing kept (schemas.backtranslation.CuratedCandidates)."""
    return _curated(
        candidates, {}, number=0, scores=pd.Series(), judge=None, missing="not judged yet"
    ).assign(kept=False)


def curated(
    candidates: pd.DataFrame,
    ratings: Mapping[str, Rating],
    *,
    number: int,
    score_by: ScoredBy,
    keep_level: KeptLevel,
    judge: str,
) -> pd.DataFrame:
    """All `candidates` with both scores, and whether the one of `score_by` reaches `keep_level`."""
    chosen = "expected_score" if score_by == "expected_value" else "text_score"
    scores = pd.Series({key: rating[chosen] for key, rating in ratings.items()}, dtype="float64")  # type: ignore[literal-required]
    missing = "no score: the pair does not fit into the context, or no level is in the reply"
    frame = _curated(candidates, ratings, number=number, scores=scores, judge=judge, missing=missing)
    least = LEAST_SCORES[keep_level]
    is_kept = frame["score"] >= least
    low = frame["reason"].isna() & ~is_kept
    reasons = frame["reason"].mask(low, frame["score"].map(f"score {{:.2f}}, {least:g} needed".format))
    return frame.assign(kept=is_kept.astype(bool), reason=reasons.astype("str"))


def _curated(
    candidates: pd.DataFrame,
    ratings: Mapping[str, Rating],
    *,
    number: int,
    scores: pd.Series,
    judge: str | None,
    missing: str,
) -> pd.DataFrame:
    found = [ratings.get(key, _NOTHING) for key in candidates["segment_id"]]
    is_candidate = candidates["status"] == "ok"
    score = candidates["segment_id"].map(scores).astype("float64")
    reason = pd.Series(missing, index=candidates.index).where(score.isna())
    reason = reason.where(is_candidate, "no candidate: " + candidates["status"])
    parsed = [None if one["reply"] is None else one["text_score"] is not None for one in found]
    return candidates[_PLACE].assign(
        round=number,
        expected_score=pd.array([one["expected_score"] for one in found], dtype="float64"),
        text_score=pd.array([one["text_score"] for one in found], dtype="float64"),
        parse_ok=pd.Series(parsed, index=candidates.index, dtype="object"),
        score=score,
        reply=pd.array([one["reply"] for one in found], dtype="str"),
        kept=False,
        reason=reason.astype("str"),
        judge=pd.Series(judge, index=candidates.index, dtype="str"),
    )


def training_examples(seeds: pd.DataFrame, curated: pd.DataFrame, *, is_tagged: bool) -> pd.DataFrame:
    """Seed pairs, and what `curated` keeps (schemas.backtranslation.BacktranslationExamples)."""
    kept = kept_pairs(curated)
    logger.info("to train on: %d seed pairs and %d from the web", len(seeds), len(kept))
    return pd.concat(
        [
            forward_examples(seeds, SEED, is_tagged=is_tagged),
            forward_examples(kept, WEB, is_tagged=is_tagged),
        ],
        ignore_index=True,
    ).astype({"record_id": "str", "response_id": "str", "source": "str"})


def kept_pairs(curated: pd.DataFrame) -> pd.DataFrame:
    """record_id (the segment's), language, instruction, response of what is kept."""
    kept = curated[curated["kept"]]
    return kept.rename(columns={"segment_id": "record_id"})[
        ["record_id", "language", "instruction", "response"]
    ]


def raw_records(curated: pd.DataFrame) -> pd.DataFrame:
    """Rows that ingestion reads (Alpaca's form): id, instruction, input, output.

    Only pairs from the web: the seeds are in a pool already.
    """
    pairs = kept_pairs(curated)
    return pd.DataFrame(
        {
            "id": pairs["record_id"].to_numpy(),
            "instruction": pairs["instruction"].to_numpy(),
            "input": "",
            "output": pairs["response"].to_numpy(),
        }
    )
