import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from recipe_builders import small_schedule, small_sft_recipe
from training_builders import CONTEXT, replay_documents, tiny_base, verified_examples
from warm_processes import start_python

from instruction_tuning.cli.plain_errors import EXIT_INTERRUPTED
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.training.checkpoints import MARKER
from instruction_tuning.training.resumable import TrainingResult
from instruction_tuning.training.supervised import SFTRecipe, fine_tune

# peft 0.21 asks transformers by a name that transformers 5 has deprecated.
ignored = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
pytestmark = [pytest.mark.slow, ignored]

RECIPE = small_sft_recipe(schedule=small_schedule(gradient_accumulation_steps=2))
SHORT = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=1))
# Long enough to be stopped in the middle.
LONG = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=15))
WAIT_SECONDS = 120
Undisturbed = Callable[[SFTRecipe], TrainingResult]


def train(work_folder: Path, recipe: SFTRecipe = RECIPE, base: ModelFolder | None = None) -> TrainingResult:
    training, validation = build_mixture(
        verified_examples(80),
        replay_documents(80),
        documents_per_example=0.5,
        validation_share=0.1,
        validation_minimum=5,
        seed=0,
    )
    return fine_tune(base or tiny_base(), training, validation, recipe, work_folder)


def chats_alone(count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`count` chats to train on and one held out, without documents."""
    return build_mixture(
        verified_examples(count + 1),
        replay_documents(0),
        documents_per_example=0.0,
        validation_share=0.01,
        validation_minimum=1,
        seed=0,
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A function from a recipe to what comes of it where nothing stops it, trained once."""
    results: dict[SFTRecipe, TrainingResult] = {}

    def result(recipe: SFTRecipe) -> TrainingResult:
        if recipe not in results:
            results[recipe] = train(tmp_path_factory.mktemp("undisturbed"), recipe)
        return results[recipe]

    return result


def test_training_lowers_the_heldout_losses_and_saves_a_model_that_knows_where_to_stop(
    tmp_path: Path,
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    result = train(tmp_path)
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"] - 0.5
    assert (
        result.metrics["heldout_document_loss_after"] < result.metrics["heldout_document_loss_before"] - 0.5
    )
    assert result.metrics["examples"] == 72 and result.metrics["documents"] == 36
    TrainingLog.validate(result.log)
    assert result.log["tokens_seen"].iloc[-1] == result.metrics["train_tokens"]
    tokenizer = AutoTokenizer.from_pretrained(result.model.path)
    model = AutoModelForCausalLM.from_pretrained(result.model.path)
    assert tokenizer.eos_token_id in model.generation_config.eos_token_id
    assert tokenizer.chat_template


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    first = undisturbed(SHORT)
    assert train(tmp_path, SHORT).model.digest == first.model.digest
    other = replace(SHORT, schedule=replace(SHORT.schedule, seed=4))
    assert train(tmp_path, other).model.digest != first.model.digest


def test_lora_ends_in_a_plain_model_folder(tmp_path: Path) -> None:
    result = train(tmp_path, replace(RECIPE, tuning="lora", saved_dtype="bfloat16"))
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"]
    config = json.loads((result.model.path / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"] and config["dtype"] == "bfloat16"
    assert not (result.model.path / "adapter_config.json").exists()


def test_rows_need_not_be_packed(tmp_path: Path) -> None:
    result = train(tmp_path, replace(SHORT, packing=False))
    assert result.metrics["packing_efficiency"] < 0.5
    assert result.metrics["steps"] == 27  # 108 sequences, 4 a step


def test_a_max_length_beyond_the_context_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"set sft.max_length to {CONTEXT} or less"):
        train(tmp_path, replace(RECIPE, max_length=CONTEXT + 1))


@pytest.mark.parametrize("epochs", [1, 2])
def test_no_run_is_so_short_that_its_first_step_trains_nothing(tmp_path: Path, epochs: int) -> None:
    short = replace(RECIPE.schedule, num_train_epochs=epochs, logging_steps=1)
    chats, held_out = chats_alone(3)
    result = fine_tune(tiny_base(), chats, held_out, replace(RECIPE, schedule=short), tmp_path)
    assert result.metrics["steps"] == epochs
    assert result.log["learning_rate"].iloc[0] == short.learning_rate
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"]


@pytest.mark.parametrize("tuning", ["full", "lora"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_loss_is_measured_before_and_after_in_the_same_way(
    tmp_path: Path, precision: str, tuning: str
) -> None:
    """The rate moves nothing but weights that are exactly 0, such as those of the padding."""
    still = replace(SHORT.schedule, learning_rate=1e-12, weight_decay=0.0, precision=precision)
    metrics = train(tmp_path, replace(SHORT, tuning=tuning, schedule=still)).metrics
    for kind in ("", "document_"):
        before, after = (metrics[f"heldout_{kind}loss_{when}"] for when in ("before", "after"))
        assert after == pytest.approx(before, abs=1e-6)


def test_a_training_that_changes_no_weight_is_refused(tmp_path: Path) -> None:
    still = replace(SHORT.schedule, learning_rate=1e-50, weight_decay=0.0)
    with pytest.raises(ConfigurationError, match="still the base model") as refused:
        train(tmp_path, replace(SHORT, schedule=still))
    assert refused.value.field == "sft.learning_rate" and not list(tmp_path.glob("*/result.json"))


@pytest.mark.filterwarnings("ignore:.*(invalid value|overflow).*")
def test_a_run_that_diverges_stops_and_says_so(tmp_path: Path) -> None:
    wild = replace(RECIPE.schedule, learning_rate=1e30, warmup_ratio=0.0, logging_steps=1)
    with pytest.raises(ConfigurationError, match="learning_rate"):
        train(tmp_path, replace(RECIPE, schedule=wild))


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_run_killed_in_the_middle_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, tuning: str, project_path: Path, undisturbed: Undisturbed
) -> None:
    recipe = replace(LONG, tuning=tuning)
    folder = tmp_path / "killed"
    child = _start_child(project_path, folder, tmp_path / "log", tuning, save_seconds=0.0)
    try:
        _wait_until(lambda: any(folder.glob(f"*/checkpoints/checkpoint-*/{MARKER}")), child)
    finally:
        child.kill()
    assert not list(folder.glob("*/result.json"))

    resumed, whole = train(folder, recipe), undisturbed(recipe)
    assert resumed.model.digest == whole.model.digest
    assert resumed.log["step"].tolist() == whole.log["step"].tolist()
    assert resumed.log["tokens_seen"].tolist() == whole.log["tokens_seen"].tolist()
    assert resumed.metrics["train_tokens"] == whole.metrics["train_tokens"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_asked_to_stop_saves_the_step_at_hand_and_goes_on_from_it(
    tmp_path: Path,
    number: signal.Signals,
    project_path: Path,
    caplog: pytest.LogCaptureFixture,
    undisturbed: Undisturbed,
    capfd: pytest.CaptureFixture[str],
) -> None:
    log = tmp_path / "log"
    child = _start_child(project_path, tmp_path / "stopped", log, "full", save_seconds=3600.0)
    try:
        # Some steps in, and no checkpoint is due for an hour.
        _wait_until(lambda: ": step " in log.read_text(), child)
        child.send_signal(number)
        assert child.wait(WAIT_SECONDS) == EXIT_INTERRUPTED
    finally:
        child.kill()
    said = log.read_text()
    assert "asked to stop: saving step" in said and "same command again to continue" in said
    (marker,) = (tmp_path / "stopped").glob(f"*/checkpoints/checkpoint-*/{MARKER}")
    step = int(marker.parent.name.removeprefix("checkpoint-"))
    caplog.set_level("INFO", "instruction_tuning")
    resumed = train(tmp_path / "stopped", LONG)
    assert 0 < step < resumed.metrics["steps"]
    assert f"going on from step {step} " in caplog.text
    assert "missing keys" not in caplog.text + capfd.readouterr().err
    assert resumed.model.digest == undisturbed(LONG).model.digest


def test_a_run_stopped_after_its_last_step_trains_no_step_again(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Undisturbed,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    caplog.set_level("INFO", "instruction_tuning")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("instruction_tuning.training.supervised.save_model", interrupted)
        train(tmp_path, SHORT)
    resumed = train(tmp_path, SHORT)
    assert f"going on from step {resumed.metrics['steps']:.0f} " in caplog.text
    assert resumed.model.digest == undisturbed(SHORT).model.digest


def test_how_often_it_saves_makes_it_no_other_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "instruction_tuning")
    train(tmp_path, SHORT)
    assert "a stopped run" not in caplog.text
    train(tmp_path, replace(SHORT, schedule=replace(SHORT.schedule, save_seconds=0.0)))
    (folder,) = tmp_path.iterdir()
    assert {file.name for file in folder.iterdir()} == {"lock", "model", "result.json"}


@pytest.mark.filterwarnings("ignore:.*(invalid value|overflow).*")
def test_a_run_that_ended_before_its_first_checkpoint_says_that_it_starts_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wild = replace(SHORT.schedule, learning_rate=1e30, warmup_ratio=0.0, logging_steps=1)
    for _ in range(2):
        caplog.clear()
        caplog.set_level("INFO", "instruction_tuning")
        with pytest.raises(ConfigurationError, match="learning_rate"):
            train(tmp_path, replace(RECIPE, schedule=wild))
    assert "no checkpoint yet: starting from step 0" in caplog.text


CHILD = """
import logging, sys
from dataclasses import replace
from pathlib import Path
from test_supervised import LONG, open_model_folder, train
from instruction_tuning.cli.plain_errors import plain_errors
logging.basicConfig(level="INFO")
base, folder, tuning, save_seconds = sys.argv[1:]
schedule = replace(LONG.schedule, save_seconds=float(save_seconds))
with plain_errors():
    train(Path(folder), replace(LONG, tuning=tuning, schedule=schedule), open_model_folder(base))
"""


def _start_child(project_path: Path, folder: Path, log: Path, tuning: str, *, save_seconds: float) -> Any:
    log.touch()
    parts = ("src", "tests", "tests/unit/training")
    return start_python(
        *("-c", CHILD, str(tiny_base().path), str(folder), tuning, str(save_seconds)),
        cwd=project_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(project_path / part) for part in parts)},
        output=log,
        errors=log,
    )


def _wait_until(reached: Callable[[], bool], child: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        assert child.poll() is None, "the child ended before it could be stopped"
        assert time.monotonic() < deadline, "the child did not get to where it is stopped"
        time.sleep(0.002)


__all__ = ["LONG", "open_model_folder", "train"]
