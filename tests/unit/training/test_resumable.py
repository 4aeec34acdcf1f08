import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from training_builders import tiny_base

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.training.checkpoints import MARKER
from instruction_tuning.training.resumable import (
    TrainingResult,
    finished_or_trained,
    last_whole_checkpoint,
    run_fingerprint,
)

LOG = pd.DataFrame({"step": [1], "epoch": [1.0], "loss": [0.5], "learning_rate": [0.1], "tokens_seen": [9]})


def checkpoint(folder: Path, step: int, *, whole: bool) -> Path:
    made = folder / f"checkpoint-{step}"
    made.mkdir(parents=True)
    if whole:
        (made / MARKER).touch()
    return made


def test_a_run_goes_on_from_the_newest_whole_checkpoint(tmp_path: Path) -> None:
    checkpoint(tmp_path, 9, whole=True)
    newest = checkpoint(tmp_path, 10, whole=True)
    checkpoint(tmp_path, 11, whole=False)
    assert last_whole_checkpoint(tmp_path) == newest


def test_a_half_written_checkpoint_is_removed(tmp_path: Path) -> None:
    half = checkpoint(tmp_path, 5, whole=False)
    assert last_whole_checkpoint(tmp_path) is None
    assert not half.exists()


def test_the_fingerprint_changes_with_data_and_parameters_and_with_nothing_else() -> None:
    data = pd.DataFrame({"messages": [[{"role": "user", "content": "a"}]]})
    other = pd.DataFrame({"messages": [[{"role": "user", "content": "b"}]]})
    mark = run_fingerprint(data=data, recipe={"rate": 1, "seed": 2})
    assert mark == run_fingerprint(recipe={"seed": 2, "rate": 1}, data=data.copy())
    assert mark != run_fingerprint(data=other, recipe={"rate": 1, "seed": 2})
    assert mark != run_fingerprint(data=data, recipe={"rate": 1, "seed": 3})


def test_a_finished_run_is_not_run_again_unless_its_model_is_gone(tmp_path: Path) -> None:
    import shutil

    trained: list[Path] = []

    def train(destination: Path) -> TrainingResult:
        trained.append(destination)
        shutil.copytree(tiny_base().path, destination)
        checkpoint(tmp_path / "run" / "checkpoints", len(trained), whole=True)
        return TrainingResult(tiny_base(), LOG, {"seconds": 1.0})

    finished_or_trained(tmp_path / "run", train)
    again = finished_or_trained(tmp_path / "run", train)
    assert len(trained) == 1
    assert again.model.digest == tiny_base().digest and again.metrics == {"seconds": 1.0}
    pd.testing.assert_frame_equal(again.log, LOG)
    assert not (tmp_path / "run" / "checkpoints").exists()

    shutil.rmtree(tmp_path / "run" / "model")
    finished_or_trained(tmp_path / "run", train)
    assert len(trained) == 2


_TRAINING = """
import sys
from pathlib import Path
from instruction_tuning.training.resumable import finished_or_trained

def train(destination):
    print("training", flush=True)
    sys.stdin.read()

finished_or_trained(Path(sys.argv[1]), train)
"""


def test_two_processes_never_train_in_the_same_folder(tmp_path: Path) -> None:
    def train(destination: Path) -> TrainingResult:
        return TrainingResult(tiny_base(), LOG, {})

    command = [sys.executable, "-c", _TRAINING, str(tmp_path / "run")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"training\n"
        with pytest.raises(WorkspaceError, match="another run trains this very model"):
            finished_or_trained(tmp_path / "run", train)
        other.kill()
    # A killed process leaves nothing locked.
    assert finished_or_trained(tmp_path / "run", train).model.digest == tiny_base().digest
