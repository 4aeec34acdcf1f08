"""Every verifier has one signature, and says nothing where it does not apply."""

import math

import pytest

from instruction_tuning.verification.check import check_response
from instruction_tuning.verification.verdict import Verifier, fault
from instruction_tuning.verification.verifiers import (
    BY_NAME,
    has_form,
    is_in_language,
    is_right_sum,
    judge_rating,
    reward_score,
    self_consistency,
)

QUERY = {"record_id": "q", "prompt": "What is the capital of Brond?", "language": "en", "answer": "Balit"}


@pytest.mark.parametrize(
    "verifier", [*BY_NAME.values(), has_form, is_right_sum, reward_score({}, min_reward=0)]
)
def test_a_verifier_gives_a_score_with_a_reason_or_nothing(verifier: Verifier) -> None:
    verdict = verifier(QUERY, "Balit")
    assert verdict is None or (0 <= verdict.score <= 1 and verdict.reason)


@pytest.mark.parametrize("refusal", ["I'm sorry, but I cannot help with that.", "抱歉，我无法回答这个问题。"])
def test_refusals_are_found_in_both_languages(refusal: str) -> None:
    for answer, passed in ((refusal, False), ("Balit, I believe.", True)):
        verdict = has_form(QUERY, answer)
        assert verdict is not None and verdict.passed is passed
        assert (check_response(QUERY, answer, ()).check != "failed") is passed, "with no verifier named"


def test_the_language_is_the_records_unless_the_prompt_names_one() -> None:
    verdict = is_in_language(QUERY, "布朗德的首都是巴利特。")
    assert verdict is not None and not verdict.passed
    assert is_in_language({**QUERY, "prompt": "Say it in Chinese."}, "巴利特") is None
    assert is_in_language(QUERY, "72") is None


def test_the_majority_passes_with_its_share_and_a_draw_does_not() -> None:
    verify = self_consistency({"q": ["72", "It is 72.", r"\boxed{72}", "73"], "d": ["1", "2"]}, min_share=0.5)
    first, second = verify(QUERY, "So 72"), verify(QUERY, "73")
    assert first is not None and second is not None
    assert (first.score, first.passed, second.score, second.passed) == (0.75, True, 0.25, False)
    draw = verify({**QUERY, "record_id": "d"}, "1")
    assert draw is not None and not draw.passed
    assert verify({**QUERY, "record_id": "unknown"}, "1") is None
    assert verify(QUERY, "def f(x): return 72") is None


FIRST = "First, 3 boxes hold 4 apples each.\n"


def test_samples_that_only_begin_alike_do_not_agree() -> None:
    ends = ["So there are 3*4 = 12 apples.", "So 3+4 = 7 apples.", "Hence 81."]
    verify = self_consistency({"q": [FIRST + end for end in ends]}, min_share=0.5)
    for end in ends:
        verdict = verify(QUERY, FIRST + end)
        assert verdict is not None and (verdict.score, verdict.passed) == (1 / 3, False)
    agreeing = self_consistency({"q": [FIRST + ends[0], "12", "It is 12.", FIRST + ends[1]]}, min_share=0.5)
    verdict = agreeing(QUERY, FIRST + ends[0])
    assert verdict is not None and (verdict.score, verdict.passed, verdict.vouches) == (0.75, True, True)


def test_samples_that_come_to_nothing_clear_leave_open_who_leads() -> None:
    unclear = "- a cat\n- a dog"
    verify = self_consistency(
        {"q": ["12", unclear, unclear, "7"], "d": ["1", "2", "2", unclear]}, min_share=0.5
    )
    assert verify(QUERY, unclear) is None
    assert verify(QUERY, "12") is None, "two more might have said so"
    first, second = (verify({**QUERY, "record_id": "d"}, said) for said in "12")
    assert first is None or not first.passed
    assert second is not None and second.passed


def test_rewards_and_ratings_that_were_not_measured_are_no_verdict() -> None:
    rewards = {("q", "good"): 2.0, ("q", "bad"): -2.0, ("q", "long"): math.nan}
    verify = reward_score(rewards, min_reward=0.0)
    verdicts = [verify(QUERY, text) for text in ("good", "bad", "long", "other")]
    assert [None if one is None else one.passed for one in verdicts] == [True, False, None, None]
    rated = judge_rating({("q", "good"): 10.0}, min_rating=6)(QUERY, "good")
    assert rated is not None and rated.score == 1.0


def test_an_answer_has_passed_where_one_vouches_and_none_finds_fault() -> None:
    sum_of = {**QUERY, "prompt": "What is 2 plus 3?", "answer": "5"}
    assert check_response(QUERY, "Balit", ()).check == "none"
    assert check_response(sum_of, "5", [BY_NAME["math"]]).check == "passed"
    assert (
        check_response(sum_of, "5", [BY_NAME["math"], lambda query, response: fault("ugly")]).check
        == "failed"
    )
    # What only finds faults vouches for nothing.
    assert check_response(QUERY, "Balit", [has_form, BY_NAME["language"]]).check == "none"
