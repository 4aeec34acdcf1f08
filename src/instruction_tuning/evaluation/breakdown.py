"""Mean scores by language, and by the number of steps that a chain of thought has to compose. O(answers)."""

import pandas as pd

from instruction_tuning.statistics.intervals import Interval, macro_interval, wilson_interval

LANGUAGE, STEPS = "language", "steps"
COMPOSED = "cot"
COLUMNS = ["model_role", "form", "part", "value", "score", "ci_low", "ci_high", "items"]


def score_breakdown(outputs: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """One model role, form and value of a part a row: its mean score with its interval, and the items.

    Part `language`: the mean over the counted abilities, each with the same weight. An ability may have other
    skills in another language, so languages are not to be compared with each other but over models. Part
    `steps`: the items of ability `cot` by their difficulty; none where the benchmark has no such ability.
    """
    rows = []
    counted = outputs[outputs["counted"]]
    composed = outputs[outputs["ability"] == COMPOSED]
    for (role, form, language), answers in counted.groupby(["model_role", "form", "language"], sort=True):
        of_ability = answers.groupby("ability", sort=True)["score"].agg(["sum", "size"])
        mean = macro_interval(of_ability["sum"].tolist(), of_ability["size"].tolist(), confidence)
        rows.append(_row(role, form, LANGUAGE, language, mean, len(answers)))
    for (role, form, steps), answers in composed.groupby(["model_role", "form", "difficulty"], sort=True):
        mean = wilson_interval(float(answers["score"].sum()), len(answers), confidence)
        rows.append(_row(role, form, STEPS, steps, mean, len(answers)))
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(role: object, form: object, part: str, value: object, mean: Interval, items: int) -> list[object]:
    low, high = max(mean.low, 0.0), min(mean.high, 1.0)
    return [role, form, part, str(value), mean.estimate, low, high, items]
