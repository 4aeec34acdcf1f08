import math
from typing import Any

import pandas as pd
import pytest
from training_builders import tiny_base

from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.synthesis.mastery import MasteryParameters, measure_mastery, own_check, with_verdicts

PARAMETERS: dict[str, Any] = {
    "samples": 2,
    "temperature": 0.7,
    "max_new_tokens": 12,
    "min_pass_rate": 0.5,
    "max_reference_characters": 20,
    "min_answer_likelihood": 0.5,
    "max_length_tokens": 90,
}


@pytest.mark.parametrize(
    ("instruction", "answer", "by", "right", "wrong"),
    [
        # The value follows from the prompt, so a wrong answer of the record does no harm.
        ("What is 3 + 4?", "8", "arithmetic", "3 + 4 = 7", "8"),
        ("Which bird does Rupam have?", "The bird of Rupam is Viful.", "reference", "viful", "Balit"),
    ],
)
def test_a_record_checks_by_what_it_has(
    instruction: str, answer: str, by: str, right: str, wrong: str
) -> None:
    check = own_check(instruction, answer, max_reference_characters=20)
    assert check is not None and check[0] == by
    assert check[1](right) and not check[1](wrong)


@pytest.mark.parametrize(
    "answer", [None, "One line.\nAnother.", "a long answer that nobody gives word for word"]
)
def test_a_long_answer_or_none_is_no_check(answer: str | None) -> None:
    assert own_check("Tell me of the sea.", answer, max_reference_characters=20) is None


def branches(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["evolution_id", "instruction", "answer"])
    return frame.astype("str")


def test_sampled_where_there_is_a_check_else_the_likelihood_else_unknown() -> None:
    asked = branches(
        ("a", "What is 3 + 4?", "7"),
        ("b", "Tell me of the sea.", "It is wide and blue and cold and deep."),
        ("c", "Tell me of the moon.", None),
    )
    measured = measure_mastery(asked, tiny_base(), MasteryParameters(**PARAMETERS), seed=1)
    assert measured["mastery_by"].tolist()[:2] == ["arithmetic", "likelihood"]
    assert measured["mastery_rate"].isna().tolist() == [False, False, True]
    assert 0 < measured["mastery_rate"][1] < 0.1, "a random model foresees nothing"
    verdicts = with_verdicts(measured, MasteryParameters(**PARAMETERS))
    assert verdicts["reason"].tolist() == ["not_mastered", "not_mastered", "not_measured"]
    assert verdicts["detail"][0] == "0.00 by arithmetic, 0.5 wanted"


def test_the_measure_is_that_of_the_record_and_not_of_those_around_it() -> None:
    rows = [("a", "What is 3 + 4?", "7"), ("b", "What is 5 + 4?", "9"), ("c", "Say red.", "a" * 30)]
    parameters = MasteryParameters(**PARAMETERS)
    together = measure_mastery(branches(*rows), tiny_base(), parameters, seed=1).set_index("evolution_id")
    for row in rows:
        alone = measure_mastery(branches(row), tiny_base(), parameters, seed=1)["mastery_rate"][0]
        assert math.isclose(alone, together.loc[row[0], "mastery_rate"], rel_tol=1e-4)


def test_the_microworlds_base_masters_changing_a_sentence_and_not_a_fact(project_path) -> None:
    base = open_model_folder(project_path / "data/06_models/microworld_base")
    asked = branches(
        ("past", "Write the sentence in the past.\n\nThe new hill waits", "The new hill waited"),
        ("fact", "Which bird does Rupam have?", "Viful"),
    )
    parameters = MasteryParameters(**{**PARAMETERS, "temperature": 0.0, "max_new_tokens": 24})
    rates = measure_mastery(asked, base, parameters, seed=1).set_index("evolution_id")["mastery_rate"]
    assert rates.to_dict() == {"past": 1.0, "fact": 0.0}
