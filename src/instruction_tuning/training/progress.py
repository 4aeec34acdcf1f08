"""How far a training run is: a bar on a terminal, a plain line now and then when piped.

`training_progress` makes a transformers callback; it is a function because transformers is imported late.
"""

import logging
import math
import sys
import time
from typing import TYPE_CHECKING, Any

from instruction_tuning.errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import TrainerCallback

logger = logging.getLogger(__name__)
LINES_A_RUN = 10


def training_progress(name: str) -> "TrainerCallback":
    """A callback that reports steps, loss, tokens a second and the time left, and stops a diverged run."""
    from transformers import TrainerCallback

    class Progress(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            from tqdm import tqdm

            self.started, self.first_step = time.monotonic(), state.global_step
            self.first_tokens, self.loss = state.num_input_tokens_seen, math.nan
            self.bar = (
                tqdm(total=state.max_steps, initial=state.global_step, desc=name, unit="step")
                if sys.stderr.isatty()
                else None
            )

        def is_due(self, state: Any) -> bool:
            step = state.global_step
            return step >= state.max_steps or step % math.ceil(state.max_steps / LINES_A_RUN) == 0

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.bar is not None:
                self.bar.update(state.global_step - self.bar.n)
                if math.isfinite(self.loss):
                    self.bar.set_postfix(loss=f"{self.loss:.3f}", refresh=False)
            # A line for every tenth of the run, with the loss of that step and not of an earlier one; and the
            # curve ends where the run ends, however many steps there are.
            if self.is_due(state):
                control.should_log = True

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            loss = (logs or {}).get("loss")
            if loss is None:
                return
            self.loss = float(loss)
            if not math.isfinite(self.loss):
                raise ConfigurationError(
                    f"{name} diverged: the loss is {self.loss} at step {state.global_step}",
                    field="learning_rate",
                    fix="lower learning_rate, or raise warmup_ratio",
                )
            if self.bar is None and self.is_due(state):
                _report(name, self, state)

        def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if self.bar is not None:
                self.bar.close()

    return Progress()


def _report(name: str, progress: Any, state: Any) -> None:
    seconds = max(time.monotonic() - progress.started, 1e-9)
    done = state.global_step - progress.first_step
    logger.info(
        "%s: step %d of %d, loss %.3f, %.0f tokens/s, %.0f s left",
        name,
        state.global_step,
        state.max_steps,
        progress.loss,
        (state.num_input_tokens_seen - progress.first_tokens) / seconds,
        seconds / max(done, 1) * (state.max_steps - state.global_step),
    )
