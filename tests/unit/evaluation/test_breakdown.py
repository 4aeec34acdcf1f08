import pandas as pd
import pytest
from benchmark_builders import answers

from instruction_tuning.evaluation.breakdown import score_breakdown


def scored(ability: str, right: list[bool], **columns: object) -> pd.DataFrame:
    return answers("candidate", right, ability=ability).assign(**columns)


def table(outputs: pd.DataFrame, part: str) -> dict[str, tuple[float, int]]:
    rows = score_breakdown(outputs, confidence=0.95)
    rows = rows[rows["part"] == part]
    assert ((rows["ci_low"] <= rows["score"]) & (rows["score"] <= rows["ci_high"])).all()
    return {row.value: (row.score, row.items) for row in rows.itertuples()}


def test_every_ability_weighs_the_same_in_a_languages_mean_and_uncounted_ones_nothing() -> None:
    outputs = pd.concat(
        [
            scored("facts", [True, True, True, True]),
            scored("math", [True, False]),
            scored("math", [False], language="zh"),
            scored("withheld_taught", [False] * 9, counted=False),
        ]
    )
    assert table(outputs, "language") == {"en": (0.75, 6), "zh": (0.0, 1)}


def test_steps_are_those_of_the_chain_of_thought_alone() -> None:
    outputs = pd.concat(
        [
            scored("cot", [True, True, False, False], difficulty=[1, 1, 1, 3]),
            scored("math", [True], difficulty=4),
        ]
    )
    assert table(outputs, "steps") == {"1": (pytest.approx(2 / 3), 3), "3": (0.0, 1)}


def test_a_benchmark_without_a_chain_of_thought_has_no_steps() -> None:
    assert table(scored("facts", [True]), "steps") == {}
