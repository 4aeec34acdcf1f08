"""How texts are asked for, and by whom they are sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request

# Sends requests and gives completions (schemas.teacher_completions).
Ask = Callable[[Sequence[ChatRequest]], pd.DataFrame]


@dataclass(frozen=True)
class Sampling:
    """The settings that the requests of a run share."""

    temperature: float
    max_tokens: int
    seed: int

    def request(self, record_id: str, kind: str, text: str, *, num_samples: int = 1) -> ChatRequest:
        """A request with one user turn."""
        return text_request(
            record_id,
            kind,
            text,
            num_samples=num_samples,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            seed=self.seed,
        )
