import pandas as pd
import pytest
from benchmark_builders import answers

from instruction_tuning.evaluation.fabrication import FATES, declines, fate_changes, fate_shares, with_fates

GROUP = "withheld_untaught"


def said(role: str, *responses: str, right: tuple[str, ...] = (), group: str = GROUP) -> pd.DataFrame:
    frame = answers(role, [response in right for response in responses], ability=group)
    extracted = pd.Series([response or None for response in responses], dtype="str")
    return frame.assign(response=responses, extracted=extracted)


def shares(outputs: pd.DataFrame, role: str = "candidate", group: str = GROUP) -> dict[str, float]:
    rows = fate_shares(outputs, confidence=0.95)
    rows = rows[(rows["model_role"] == role) & (rows["ability"] == group)]
    return dict(zip(rows["fate"], rows["share"], strict=True))


@pytest.mark.parametrize(
    "response",
    [
        "I do not know.",
        "\n I don’t know the river of Teril.\nMore",
        "It is not stated.",
        "The text does not say.",
        "我不知道。",
        "文中没有",
        "It is unknown.",
    ],
)
def test_an_answer_that_says_it_does_not_know_declines(response: str) -> None:
    assert declines(response)


@pytest.mark.parametrize(
    "response", ["", "Miran.", "The bird of Brund is Know.", "小平", "Miran.\nI do not know."]
)
def test_any_other_answer_does_not(response: str) -> None:
    assert not declines(response)


def test_right_declined_invented_and_silent_answers_are_told_apart_and_add_up() -> None:
    outputs = said("candidate", "Miran.", "I do not know.", "Lazam.", "Banem.", "", right=("Miran.",))
    assert shares(outputs) == {"right": 0.2, "declined": 0.2, "invented": 0.4, "silent": 0.2}
    assert set(with_fates(outputs)["fate"]) == set(FATES)


def test_where_nobody_knows_to_decline_is_to_decline_though_it_scores_as_right() -> None:
    outputs = said("candidate", "I do not know.", "Lazam.", right=("I do not know.",), group="unknown_places")
    found = shares(outputs, group="unknown_places")
    assert (found["right"], found["declined"], found["invented"]) == (0, 0.5, 0.5)


def test_shares_have_intervals_and_the_change_is_paired_by_item() -> None:
    base = said("base", "Lazam.", "Lazam.", "I do not know.", "")
    candidate = said("candidate", "Lazam.", "I do not know.", "Lazam.", "Lazam.")
    outputs = pd.concat([base, candidate.iloc[::-1]], ignore_index=True)
    row = (
        fate_shares(outputs, confidence=0.95)
        .query("model_role == 'candidate' and fate == 'invented'")
        .iloc[0]
    )
    assert (row["share"], row["items"]) == (0.75, 4)
    assert 0.25 < row["ci_low"] < 0.75 < row["ci_high"] < 1
    changes = fate_changes(outputs, confidence=0.95).set_index("fate")
    assert changes["difference"].to_dict() == {"right": 0, "declined": 0, "invented": 0.25, "silent": -0.25}
    assert (changes["ci_low"] < changes["ci_high"]).all()


def test_a_benchmark_without_such_facts_has_no_shares() -> None:
    outputs = answers("candidate", 1, items=2)
    assert fate_shares(outputs, confidence=0.95).empty and fate_changes(outputs, confidence=0.95).empty
