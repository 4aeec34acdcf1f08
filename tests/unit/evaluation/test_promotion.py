import numpy as np
import pandas as pd
from benchmark_builders import FORMS, answers

from instruction_tuning.evaluation.promotion import PromotionRules, promotion_verdict
from instruction_tuning.evaluation.scores import benchmark_comparisons, benchmark_metrics

ABILITIES = ("code", "extraction", "math", "open_qa", "translation")
BASE = {"document_few_shot": 0.9, "chat_zero_shot": 0.1, "chat_few_shot": 0.3}
TUNED = BASE | {"chat_zero_shot": 0.6, "chat_few_shot": 0.6}


def measured(role, accuracies, *, items=200, readable=True, lost=None):
    """Answers right at evenly spread items; `lost` maps abilities to another share of documents."""
    frames = []
    for ability in ABILITIES:
        for form in FORMS:
            share = accuracies[form]
            if form == "document_few_shot":
                share = (lost or {}).get(ability, share)
            right = np.floor((np.arange(items) + 1) * share) > np.floor(np.arange(items) * share)
            frames.append(answers(role, right.tolist(), form=form, ability=ability, readable=readable))
    return pd.concat(frames, ignore_index=True)


def judge(*roles, **rules):
    outputs = pd.concat(roles, ignore_index=True)
    return promotion_verdict(
        benchmark_metrics(outputs, confidence=0.95),
        benchmark_comparisons(outputs, confidence=0.95),
        PromotionRules(**rules),
        candidate_digest="abc",
    )


def outcomes(verdict):
    return {check["name"]: check["outcome"] for check in verdict["checks"]}


def test_a_candidate_that_gains_in_chat_and_keeps_the_documents_passes():
    verdict = judge(measured("base", BASE), measured("candidate", TUNED))
    assert verdict["verdict"] == "pass"
    assert verdict["incumbent"] == "base"
    assert set(outcomes(verdict).values()) == {"passed"}


def test_a_candidate_equal_to_the_base_fails_for_want_of_a_gain():
    verdict = judge(measured("base", BASE), measured("candidate", BASE))
    assert verdict["verdict"] == "fail"
    assert outcomes(verdict)["gains in chat"] == "not shown"
    assert outcomes(verdict)["keeps document form"] == "passed"


def test_a_candidate_that_is_worse_in_chat_fails_and_not_only_for_want_of_proof():
    verdict = judge(measured("base", TUNED), measured("candidate", BASE))
    assert outcomes(verdict)["gains in chat"] == "failed"


def test_a_gain_in_chat_does_not_buy_off_lost_documents():
    verdict = judge(measured("base", BASE), measured("candidate", TUNED | {"document_few_shot": 0.7}))
    assert verdict["verdict"] == "fail"
    assert outcomes(verdict)["gains in chat"] == "passed"
    assert outcomes(verdict)["keeps document form"] == "failed"
    assert any("document form" in reason and "-20.0 points" in reason for reason in verdict["reasons"])


def test_one_lost_ability_is_a_veto_even_where_the_average_hides_it():
    gained_elsewhere = dict.fromkeys(ABILITIES, 0.95) | {"open_qa": 0.7}
    candidate = measured("candidate", TUNED, lost=gained_elsewhere)
    verdict = judge(measured("base", BASE), candidate)
    assert outcomes(verdict)["keeps document form"] == "passed"
    assert outcomes(verdict)["keeps every ability of the base"] == "failed"
    assert "open qa" in verdict["reasons"][0]


def test_too_few_items_show_nothing_and_so_fail():
    base = measured("base", {form: 0.5 for form in FORMS}, items=8)
    candidate = measured("candidate", {form: 0.6 for form in FORMS}, items=8)
    verdict = judge(base, candidate)
    assert verdict["verdict"] == "fail"
    assert outcomes(verdict)["keeps document form"] == "not shown"


def test_a_broken_extraction_fails_even_if_nothing_was_lost_by_it():
    nothing = {form: 0.0 for form in FORMS}
    verdict = judge(measured("base", nothing, readable=False), measured("candidate", nothing, readable=False))
    assert verdict["verdict"] == "fail"
    assert outcomes(verdict)["answers can be read"] == "failed"


def test_a_champion_is_the_incumbent_and_must_not_be_undercut():
    champion = measured("champion", TUNED | {"chat_zero_shot": 0.8})
    verdict = judge(measured("base", BASE), measured("candidate", TUNED), champion)
    assert verdict["incumbent"] == "champion"
    assert verdict["verdict"] == "fail"
    assert outcomes(verdict)["no worse than the champion in chat"] == "failed"


def test_a_candidate_as_good_as_the_champion_passes():
    verdict = judge(measured("base", BASE), measured("candidate", TUNED), measured("champion", TUNED))
    assert verdict["verdict"] == "pass"


def test_the_tolerated_loss_decides():
    base, candidate = measured("base", BASE), measured("candidate", TUNED | {"document_few_shot": 0.88})
    assert judge(base, candidate, delta=0.01)["verdict"] == "fail"
    assert judge(base, candidate, delta=0.05)["verdict"] == "pass"


def test_every_check_says_its_numbers():
    verdict = judge(measured("base", BASE), measured("candidate", TUNED))
    assert [set(check) for check in verdict["checks"]] == [{"name", "passed", "outcome", "detail"}] * 4
    assert "+50.0 points [" in verdict["checks"][1]["detail"]
    assert verdict["candidate_digest"] == "abc"
