"""When a training run writes a checkpoint: by the clock, at its end, and when somebody asks it to stop.

By the clock and not by the step, so that a kill costs the same minute of a run of 20 steps as of one of
20,000. Writing takes at most a tenth of the time: a large model is saved more rarely.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import TrainerCallback

logger = logging.getLogger(__name__)

MARKER = "complete"
SAVING_SHARE = 0.1


@dataclass
class SavingClock:
    """Whether it is time to save; `now` counts seconds."""

    save_seconds: float
    now: Callable[[], float] = time.monotonic
    _saved_at: float = field(init=False)
    _started_at: float = field(init=False)
    _took: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._saved_at = self._started_at = self.now()

    def is_due(self) -> bool:
        """Whether `save_seconds` have gone by, and enough to keep the writing below its share."""
        return self.now() - self._saved_at >= max(self.save_seconds, self._took / SAVING_SHARE)

    def starts(self) -> None:
        """Writing begins."""
        self._started_at = self.now()

    def ended(self) -> None:
        """Writing has ended."""
        self._saved_at = self.now()
        self._took = self._saved_at - self._started_at


@dataclass
class StopRequest:
    """Whether somebody has asked the training to stop."""

    is_made: bool = False


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Within, the first ctrl-C or SIGTERM is noted for the end of the step; a second one ends all at once.

    Raises `KeyboardInterrupt` on leaving when a request was noted. Outside the main thread no signal
    arrives, and there this does nothing.
    """
    request = StopRequest()

    def note(_signal: int, _frame: FrameType | None) -> None:
        if request.is_made:
            raise KeyboardInterrupt
        request.is_made = True

    with _handled(note):
        yield request
    if request.is_made:
        raise KeyboardInterrupt


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    in_main_thread = threading.current_thread() is threading.main_thread()
    # A shell's background job ignores ctrl-C, and so it shall stay.
    numbers = [
        number for number in (signal.SIGINT, signal.SIGTERM) if in_main_thread and not _ignored(number)
    ]
    previous = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def _ignored(number: signal.Signals) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def saving_callback(checkpoints: Path, save_seconds: float, request: StopRequest) -> "TrainerCallback":
    """Tells a transformers trainer when to save and when to stop, and marks each whole checkpoint."""
    from transformers import TrainerCallback

    class Saving(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            self.clock = SavingClock(save_seconds)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            # At the end too: what follows, measuring and writing the model, can be stopped as well.
            if request.is_made or state.global_step >= state.max_steps or self.clock.is_due():
                control.should_save = True
                self.clock.starts()
            if request.is_made:
                logger.info("asked to stop: saving step %d of %d", state.global_step, state.max_steps)
                control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            (checkpoints / f"checkpoint-{state.global_step}" / MARKER).touch()
            self.clock.ended()

    return Saving()
