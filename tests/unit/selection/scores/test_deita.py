import numpy as np
import pandas as pd
from training_builders import tiny_base

from instruction_tuning.selection.scores.deita import deita_scores, exchange_scores
from instruction_tuning.selection.scores.expected_score import expected_scores
from instruction_tuning.selection.scores.scorer_documents import score_question


def test_the_score_is_the_sum_over_turns_of_complexity_times_quality() -> None:
    turns = pd.DataFrame(
        {
            "record_id": ["b", "a", "b", "c"],
            "complexity_score": [2.0, 3.0, 4.0, 5.0],
            "quality_score": [1.5, 2.0, 0.5, np.nan],
        }
    )
    scores = deita_scores(turns)
    assert scores.index.tolist() == ["a", "b", "c"]
    assert scores.loc["a"].tolist() == [3.0, 2.0, 6.0]
    assert scores.loc["b"].tolist() == [6.0, 2.0, 2.0 * 1.5 + 4.0 * 0.5]
    # A turn without quality leaves the record without it, and without the product.
    assert scores.loc["c", "complexity_score"] == 5.0
    assert scores.loc["c", ["quality_score", "deita_score"]].isna().all()


def test_a_record_with_one_unmeasured_turn_has_no_score() -> None:
    turns = pd.DataFrame(
        {"record_id": ["a", "a"], "complexity_score": [2.0, np.nan], "quality_score": [1.0, 1.0]}
    )
    assert deita_scores(turns).loc["a", "quality_score"] == 2.0
    assert deita_scores(turns).loc["a", ["complexity_score", "deita_score"]].isna().all()


def test_complexity_alone_needs_no_quality() -> None:
    scores = deita_scores(pd.DataFrame({"record_id": ["a"], "complexity_score": [2.0]}))
    assert scores.loc["a", "complexity_score"] == 2.0 and np.isnan(scores.loc["a", "deita_score"])


def test_each_turn_is_scored_by_its_own_text_and_an_unanswered_one_has_no_quality() -> None:
    turns = pd.DataFrame(
        {
            "instruction": ["what is 1 plus 1?", "红色的苹果", "what is 1 plus 1?"],
            "answer": ["2", None, "2"],
        },
        index=[7, 8, 9],
    )
    call = {"max_length_tokens": 96}
    quality = exchange_scores(turns, tiny_base(), aspect="quality", **call)
    complexity = exchange_scores(turns, tiny_base(), aspect="complexity", **call)
    assert (quality.name, complexity.name) == ("quality_score", "complexity_score")
    assert quality.index.tolist() == [7, 8, 9] and quality.isna().tolist() == [False, True, False]
    alone = expected_scores(tiny_base(), [score_question("quality", "what is 1 plus 1?", "2")], **call)
    np.testing.assert_allclose(quality[[7, 9]], [alone[0]] * 2, atol=1e-6)
    alone = expected_scores(tiny_base(), [score_question("complexity", "红色的苹果")], **call)
    np.testing.assert_allclose(complexity[8], alone[0], atol=1e-6)
