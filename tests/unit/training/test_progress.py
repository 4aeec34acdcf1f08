"""What a training tells while it runs, from a real one of a few steps."""

import re
from pathlib import Path

import pytest
from recipe_builders import small_schedule, small_sft_recipe
from training_builders import replay_documents, tiny_base, verified_examples

from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.training.supervised import fine_tune

# peft 0.21 asks transformers by a name that transformers 5 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
RECIPE = small_sft_recipe(
    schedule=small_schedule(num_train_epochs=3, logging_steps=100)  # more than there are steps
)


def test_every_line_has_the_loss_of_its_own_step_however_short_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    training, validation = build_mixture(
        verified_examples(20),
        replay_documents(5),
        documents_per_example=0.2,
        validation_share=0.1,
        validation_minimum=2,
        seed=0,
    )
    result = fine_tune(tiny_base(), training, validation, RECIPE, tmp_path)
    lines = [record.message for record in caplog.records if ": step " in record.message]
    told = {
        int(step): loss
        for line in lines
        for step, loss in re.findall(r"step (\d+) of \d+, loss ([\d.]+),", line)
    }
    assert len(told) == len(lines) >= 3
    logged = dict(zip(result.log["step"], result.log["loss"], strict=True))
    assert told == {step: f"{logged[step]:.3f}" for step in told}
    assert len(set(told.values())) > 1
    assert max(told) == result.metrics["steps"]
