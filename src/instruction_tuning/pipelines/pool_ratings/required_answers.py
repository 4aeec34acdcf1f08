"""Whether the pool has what its measures are measured on."""

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters

MEASURES_OF_ANSWERS = ("judge_rating", "deita", "pre_experience", "learnability")


def check_answers(pool: pd.DataFrame, parameters: PoolRatingsParameters) -> None:
    """Raise before anything is paid for or trained where a measure is of answers and there is none."""
    of_answers = [measure for measure in MEASURES_OF_ANSWERS if measure in parameters.measures]
    if of_answers and not pool["answer"].notna().any():
        raise InputError(
            f"no record of the pool has an answer, and {of_answers[0]} is measured on answers",
            field="pool_ratings.measures",
            fix=f"leave out what needs answers: {', '.join(of_answers)}",
        )
