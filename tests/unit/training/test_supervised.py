import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from recipe_builders import small_schedule, small_sft_recipe
from training_builders import CONTEXT, replay_documents, tiny_base, verified_examples

from instruction_tuning.cli.plain_errors import EXIT_INTERRUPTED
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.training.checkpoints import MARKER
from instruction_tuning.training.resumable import TrainingResult
from instruction_tuning.training.supervised import SFTRecipe, fine_tune

# peft 0.21 asks transformers by a name that transformers 5 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

RECIPE = small_sft_recipe(schedule=small_schedule(gradient_accumulation_steps=2))


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


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    short = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=1))
    first = train(tmp_path / "a", short)
    assert train(tmp_path / "b", short).model.digest == first.model.digest
    other = replace(short, schedule=replace(short.schedule, seed=4))
    assert train(tmp_path / "a", other).model.digest != first.model.digest


def test_lora_ends_in_a_plain_model_folder(tmp_path: Path) -> None:
    result = train(tmp_path, replace(RECIPE, tuning="lora", saved_dtype="bfloat16"))
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"]
    config = json.loads((result.model.path / "config.json").read_text())
    assert config["architectures"] == ["LlamaForCausalLM"] and config["dtype"] == "bfloat16"
    assert not (result.model.path / "adapter_config.json").exists()


def test_rows_need_not_be_packed(tmp_path: Path) -> None:
    result = train(
        tmp_path, replace(RECIPE, packing=False, schedule=replace(RECIPE.schedule, num_train_epochs=1))
    )
    assert result.metrics["packing_efficiency"] < 0.5
    assert result.metrics["steps"] == 27  # 108 sequences, 4 a step


def test_a_max_length_beyond_the_context_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"set sft.max_length to {CONTEXT} or less"):
        train(tmp_path, replace(RECIPE, max_length=CONTEXT + 1))


@pytest.mark.filterwarnings("ignore:.*(invalid value|overflow).*")
def test_a_run_that_diverges_stops_and_says_so(tmp_path: Path) -> None:
    wild = replace(RECIPE.schedule, learning_rate=1e30, warmup_ratio=0.0, logging_steps=1)
    with pytest.raises(ConfigurationError, match="learning_rate"):
        train(tmp_path, replace(RECIPE, schedule=wild))


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_run_killed_in_the_middle_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, tuning: str, project_path: Path
) -> None:
    recipe = replace(RECIPE, tuning=tuning, schedule=replace(RECIPE.schedule, num_train_epochs=15))
    child = _start_child(project_path, tmp_path / "killed", tuning, save_seconds=0.0)
    try:
        _wait_for(tmp_path / "killed", f"*/checkpoints/checkpoint-*/{MARKER}", child)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert not list((tmp_path / "killed").glob("*/result.json"))

    resumed = train(tmp_path / "killed", recipe)
    undisturbed = train(tmp_path / "undisturbed", recipe)
    assert resumed.model.digest == undisturbed.model.digest
    assert resumed.log["step"].tolist() == undisturbed.log["step"].tolist()
    assert resumed.log["tokens_seen"].tolist() == undisturbed.log["tokens_seen"].tolist()
    assert resumed.metrics["train_tokens"] == undisturbed.metrics["train_tokens"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_asked_to_stop_saves_the_step_at_hand_and_goes_on_from_it(
    tmp_path: Path, number: signal.Signals, project_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=15))
    with _start_child(project_path, tmp_path / "stopped", "full", save_seconds=3600.0) as child:
        assert child.stderr is not None
        seen = b""
        while b": step " not in seen:  # some steps in, and no checkpoint is due for an hour
            seen = child.stderr.readline()
            assert seen, "the child ended before it could be stopped"
        child.send_signal(number)
        said = child.stderr.read().decode()
    assert child.returncode == EXIT_INTERRUPTED
    assert "asked to stop: saving step" in said and "same command again to continue" in said
    (marker,) = (tmp_path / "stopped").glob(f"*/checkpoints/checkpoint-*/{MARKER}")
    step = int(marker.parent.name.removeprefix("checkpoint-"))
    caplog.set_level("INFO", "instruction_tuning")
    resumed = train(tmp_path / "stopped", recipe)
    assert 0 < step < resumed.metrics["steps"]
    assert f"going on from step {step} " in caplog.text
    assert resumed.model.digest == train(tmp_path / "undisturbed", recipe).model.digest


def test_a_run_stopped_after_its_last_step_trains_no_step_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    caplog.set_level("INFO", "instruction_tuning")
    short = replace(RECIPE, schedule=replace(RECIPE.schedule, num_train_epochs=1))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("instruction_tuning.training.supervised.save_model", interrupted)
        train(tmp_path / "stopped", short)
    resumed = train(tmp_path / "stopped", short)
    assert f"going on from step {resumed.metrics['steps']:.0f} " in caplog.text
    assert resumed.model.digest == train(tmp_path / "undisturbed", short).model.digest


def test_how_often_it_saves_makes_it_no_other_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "instruction_tuning")
    short = replace(RECIPE.schedule, num_train_epochs=1)
    train(tmp_path, replace(RECIPE, schedule=short))
    assert "a stopped run" not in caplog.text
    train(tmp_path, replace(RECIPE, schedule=replace(short, save_seconds=0.0)))
    (folder,) = tmp_path.iterdir()
    assert {file.name for file in folder.iterdir()} == {"lock", "model", "result.json"}


@pytest.mark.filterwarnings("ignore:.*(invalid value|overflow).*")
def test_a_run_that_ended_before_its_first_checkpoint_says_that_it_starts_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    short = replace(RECIPE.schedule, num_train_epochs=1)
    wild = replace(short, learning_rate=1e30, warmup_ratio=0.0, logging_steps=1)
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
from test_supervised import RECIPE, open_model_folder, train
from instruction_tuning.cli.plain_errors import plain_errors
logging.basicConfig(level="INFO")
base, folder, tuning, save_seconds = sys.argv[1:]
schedule = replace(RECIPE.schedule, num_train_epochs=15, save_seconds=float(save_seconds))
with plain_errors():
    train(Path(folder), replace(RECIPE, tuning=tuning, schedule=schedule), open_model_folder(base))
"""


def _start_child(
    project_path: Path, folder: Path, tuning: str, *, save_seconds: float
) -> "subprocess.Popen[bytes]":
    parts = ("src", "tests", "tests/unit/training")
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tiny_base().path), str(folder), tuning, str(save_seconds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(project_path / part) for part in parts)},
        # A pipe that nobody reads would stop the child that is to be killed.
        stderr=None if save_seconds == 0 else subprocess.PIPE,
    )


def _wait_for(folder: Path, pattern: str, child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert child.poll() is None, "the child ended before it could be killed"
        assert time.monotonic() < deadline, "the child wrote no checkpoint"
        time.sleep(0.002)


__all__ = ["RECIPE", "open_model_folder", "train"]
