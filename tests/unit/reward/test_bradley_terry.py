import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from recipe_builders import small_schedule
from training_builders import CONTEXT, tiny_base
from warm_processes import start_python

from instruction_tuning.errors import InputError
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.reward.bradley_terry import RewardRecipe, fits_length, train_reward_model
from instruction_tuning.reward.scoring import score_answers
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.training.checkpoints import MARKER
from instruction_tuning.training.resumable import TrainingResult

RECIPE = RewardRecipe(
    schedule=small_schedule(learning_rate=3e-3, rows_per_microbatch=8, weight_decay=0.0, seed=1),
    max_length=CONTEXT,
    center_rewards_coefficient=0.01,
    saved_dtype="float32",
    chat_template_path=None,
)


def preference_pairs(count: int = 80) -> pd.DataFrame:
    """Answers that count are better than answers about apples."""
    return pd.DataFrame(
        {
            "record_id": [f"r{number}" for number in range(count)],
            "messages": [
                [{"role": "user", "content": f"what is {number} plus 1?"}] for number in range(count)
            ],
            "chosen": [f"the answer is {number + 1}." for number in range(count)],
            "rejected": "红色的苹果",
            "split": ["test" if number % 5 == 0 else "train" for number in range(count)],
        }
    )


def train(
    work_folder: Path, recipe: RewardRecipe = RECIPE, base: ModelFolder | None = None
) -> TrainingResult:
    return train_reward_model(base or tiny_base(), preference_pairs(), recipe, work_folder)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    """What comes of the recipe where nothing stops it."""
    return train(tmp_path_factory.mktemp("reward"))


def test_a_reward_model_learns_a_plain_preference_and_scores_it_on_unseen_records(
    result: TrainingResult,
) -> None:
    TrainingLog.validate(result.log)
    test = preference_pairs().query("split == 'test'")
    chosen, rejected = (
        score_answers(result.model, test["messages"], test[side], max_length=CONTEXT)
        for side in ("chosen", "rejected")
    )
    assert (chosen > rejected).mean() > 0.9


def test_a_score_does_not_depend_on_its_batch(result: TrainingResult) -> None:
    pairs = preference_pairs(12)
    together = score_answers(result.model, pairs["messages"], pairs["chosen"], max_length=CONTEXT)
    alone = score_answers(
        result.model, pairs["messages"], pairs["chosen"], max_length=CONTEXT, batch_tokens=1
    )
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_an_answer_that_is_too_long_has_no_score_and_its_pair_is_not_trained_on(tmp_path: Path) -> None:
    pairs = preference_pairs()
    pairs.loc[1, "chosen"] = "one two three " * 40
    result = train_reward_model(tiny_base(), pairs, RECIPE, tmp_path)
    assert result.metrics["overlength_pairs"] == 1 and result.metrics["train_pairs"] == 63
    fits = fits_length(load_tokenizer(tiny_base()), pairs, max_length=CONTEXT)
    assert fits[~fits].index.tolist() == [1]
    scores = score_answers(result.model, pairs["messages"], pairs["chosen"], max_length=CONTEXT)
    assert np.flatnonzero(np.isnan(scores)).tolist() == [1]


def test_only_pairs_that_are_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="max_length"):
        train(tmp_path, replace(RECIPE, max_length=5))


def test_a_run_killed_in_the_middle_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, project_path: Path
) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=15))
    parts = (project_path / "src", project_path / "tests", Path(__file__).parent)
    child = start_python(
        *("-c", CHILD, str(tiny_base().path), str(tmp_path / "killed")),
        cwd=project_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, parts))},
        output=tmp_path / "log",
        errors=tmp_path / "log",
    )
    try:
        deadline = time.monotonic() + 120
        while not list((tmp_path / "killed").glob(f"*/checkpoints/checkpoint-*/{MARKER}")):
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        child.kill()
    assert not list((tmp_path / "killed").glob("*/result.json"))
    resumed = train(tmp_path / "killed", recipe)
    assert resumed.model.digest == train(tmp_path / "undisturbed", recipe).model.digest


CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from test_bradley_terry import RECIPE, open_model_folder, train
base, folder = sys.argv[1:]
schedule = replace(RECIPE.schedule, num_train_epochs=15, save_seconds=0.0)
train(Path(folder), replace(RECIPE, schedule=schedule), open_model_folder(base))
"""

__all__ = ["RECIPE", "open_model_folder", "train"]
