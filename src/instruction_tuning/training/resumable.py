"""Training runs that survive a kill at any moment.

A run has a folder named by a fingerprint of all that decides its result: data, parameters, base model, the
code of the rooms training, chat_format and lm, and the versions of the packages that train. Checkpoints in it
carry a marker that is written last; a run starts from the newest marked one and, on the same machine, ends
with the same weights as a run that nothing stopped. A finished run leaves its model and `result.json`, and is
not run again.
"""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.errors import ModelFolderError, WorkspaceError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.training.checkpoints import MARKER, saving_callback, stop_requests
from instruction_tuning.training.training_record import LOG_COLUMNS

if TYPE_CHECKING:
    from transformers import Trainer, TrainerState

logger = logging.getLogger(__name__)

# A file beside the checkpoints of a training that has not come to its end.
BEGUN = "begun"

# What the fingerprint covers of the code: a run of older code must not pass for one of this code.
_CODE = tuple(Path(__file__).parents[1] / room for room in ("training", "chat_format", "lm"))
_PACKAGES = ("torch", "transformers", "trl", "peft")


@dataclass(frozen=True)
class TrainingResult:
    """A trained model folder, its loss curve (see schemas.training_log), and flat metrics."""

    model: ModelFolder
    log: pd.DataFrame
    metrics: dict[str, float]


def run_fingerprint(**parts: Any) -> str:
    """16 hex digits over `parts` (JSON or frames, by their content), the code and the packages that train."""
    digest = hashlib.sha256()
    for name in sorted(parts):
        part = parts[name]
        text = (
            part.to_json(orient="records")
            if isinstance(part, pd.DataFrame)
            else json.dumps(part, sort_keys=True)
        )
        digest.update(f"{name}\0{text}\0".encode())
    digest.update(json.dumps({name: version(name) for name in _PACKAGES}).encode())
    for folder in _CODE:
        for file in sorted(folder.glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def finished_or_trained(folder: Path, train: Callable[[Path], TrainingResult]) -> TrainingResult:
    """The result that `folder` holds, else that of `train`, which saves its model where it is told to.

    The checkpoints go once the model is there. Raises `WorkspaceError` while another process trains in
    `folder`.
    """
    finished = _finished(folder)
    if finished is not None:
        return finished
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        # Another process may have come to the end between the first look and the lock.
        return _finished(folder) or _trained(folder, train)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold `folder` alone; the kernel lets go of a process that dies, so no lock is ever left behind."""
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceError(
                "another run trains this very model at the moment", file=folder, fix="wait for it, or stop it"
            ) from None
        yield


def _finished(folder: Path) -> TrainingResult | None:
    result_file, model_folder = folder / "result.json", folder / "model"
    if result_file.is_file():
        try:
            model = open_model_folder(model_folder)
        except ModelFolderError:
            logger.warning("the finished run in %s has lost its model; training again", folder)
        else:
            logger.info("found the finished run %s; nothing to train", folder)
            stored = json.loads(result_file.read_text(encoding="utf-8"))
            return TrainingResult(model, pd.DataFrame(stored["log"]), stored["metrics"])
    return None


def _trained(folder: Path, train: Callable[[Path], TrainingResult]) -> TrainingResult:
    result_file, model_folder = folder / "result.json", folder / "model"
    shutil.rmtree(model_folder, ignore_errors=True)
    result = train(model_folder)
    part = folder / "result.json.part"
    stored = {"log": result.log.to_dict(orient="list"), "metrics": result.metrics}
    part.write_text(json.dumps(stored), encoding="utf-8")
    os.replace(part, result_file)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    (folder / BEGUN).unlink(missing_ok=True)
    return result


@dataclass(frozen=True)
class Throughput:
    """Of this process alone: what was done before a kill is not counted."""

    seconds: float
    tokens_per_second: float


def train_resumably(trainer: "Trainer", checkpoints: Path, *, save_seconds: float) -> Throughput:
    """Run `trainer` to its end, from the newest whole checkpoint in `checkpoints` where there is one.

    Ctrl-C and SIGTERM end it after the step at hand, with a checkpoint, by `KeyboardInterrupt`.
    """
    import torch

    begun = checkpoints.parent / BEGUN
    start = last_whole_checkpoint(checkpoints)
    if start is not None:
        logger.info("a stopped run left a checkpoint: going on from step %d (%s)", _step(start), start)
    elif begun.exists():
        logger.info("a stopped run left no checkpoint yet: starting from step 0")
    begun.touch()
    tokens_before = _tokens_seen(start)
    started = time.monotonic()
    try:
        with stop_requests() as request, _silent_about_tied_weights(trainer):
            trainer.add_callback(saving_callback(checkpoints, save_seconds, request))
            trainer.train(resume_from_checkpoint=None if start is None else str(start))
    except torch.OutOfMemoryError as error:
        raise WorkspaceError(
            f"the GPU has not enough memory for a step: {str(error).splitlines()[0]}",
            field="rows_per_microbatch",
            fix="halve rows_per_microbatch and double gradient_accumulation_steps (the same training); then "
            "shorten max_length, set activation_checkpointing: always or sft.tuning: lora",
        ) from error
    seconds = time.monotonic() - started
    tokens = trainer.state.num_input_tokens_seen - tokens_before
    return Throughput(seconds=seconds, tokens_per_second=tokens / max(seconds, 1e-9))


@contextmanager
def _silent_about_tied_weights(trainer: "Trainer") -> Iterator[None]:
    """A weight that is another one's twin is not saved with a checkpoint; the trainer calls it missing."""
    tied = getattr(trainer.model, "all_tied_weights_keys", None) or {}

    def is_news(record: logging.LogRecord) -> bool:
        names = set(re.findall(r"'([^']+)'", said := record.getMessage()))
        return not ("missing keys" in said and names and names <= set(tied))

    trainers = logging.getLogger("transformers.trainer")
    trainers.addFilter(is_news)
    try:
        yield
    finally:
        trainers.removeFilter(is_news)


def last_whole_checkpoint(checkpoints: Path) -> Path | None:
    """The newest checkpoint with the marker; those that a kill left half-written are removed."""
    whole: list[tuple[int, Path]] = []
    for folder in checkpoints.glob("checkpoint-*"):
        if (folder / MARKER).is_file():
            whole.append((_step(folder), folder))
        else:
            shutil.rmtree(folder)
    return max(whole)[1] if whole else None


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def log_frame(state: "TrainerState") -> pd.DataFrame:
    """The loss curve that the trainer kept, over all processes that worked on the run."""
    rows = [
        {
            "step": int(entry["step"]),
            "epoch": float(entry["epoch"]),
            "loss": float(entry["loss"]),
            "learning_rate": float(entry["learning_rate"]),
            "tokens_seen": int(entry["num_input_tokens_seen"]),
        }
        for entry in state.log_history
        if "loss" in entry
    ]
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))


def _tokens_seen(checkpoint: Path | None) -> int:
    if checkpoint is None:
        return 0
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    return int(state["num_input_tokens_seen"])
