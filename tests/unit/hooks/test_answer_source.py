"""Who is asked in a run, whatever its other stages take their answers from."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from instruction_tuning.hooks.answer_source import needs_teacher
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters


def asking(parameters: str) -> Pipeline:
    def ask(teacher: object, parameters: object) -> str:
        return ""

    return Pipeline([Node(ask, inputs=["params:teacher", parameters], outputs="replies", name="ask")])


@pytest.mark.parametrize(
    ("measures", "expected"),
    [(("judge_rating",), True), (("deita", "learnability"), True), (("pre_experience",), False), ((), False)],
)
@pytest.mark.parametrize("strategy", ["teacher", "source"])
def test_ratings_of_the_pool_are_asked_for_by_their_measures(measures, expected, strategy) -> None:
    values = {
        "params:pool_ratings": PoolRatingsParameters.model_construct(measures=measures),
        "params:answer_generation": AnswerGenerationParameters.model_construct(strategy=strategy),
    }
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in values.items()})
    assert needs_teacher(asking("params:pool_ratings"), catalog) is expected
    assert needs_teacher(asking("params:answer_generation"), catalog) is (strategy == "teacher")
