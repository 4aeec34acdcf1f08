"""What lm-eval calls of this project: the task files name these by `!function`.

A task file with them also works from lm-eval's own command line:
`lm_eval --include_path <folder> --tasks math_chat_zero_shot --apply_chat_template ...`
"""

import logging
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from lm_eval.api.samplers import ContextSampler
from lm_eval.models.huggingface import HFLM
from tqdm import tqdm

from instruction_tuning.chat_format.special_tokens import as_plain_text
from instruction_tuning.evaluation.kept_answers import KeptAnswers
from instruction_tuning.verification.answer_score import answer_score, extracted_as, item_rubric, scored_line
from instruction_tuning.verification.extraction import extract_answer

INVALID = "[invalid]"
_SECONDS_BETWEEN_LINES = 15.0

logger = logging.getLogger(__name__)


class ItemExamples(ContextSampler):
    """Takes the few-shot examples that are stored with the item, instead of drawing them."""

    def sample(
        self, n: int, eval_doc: dict[str, Any] | None = None, df: object = None, **kwargs: object
    ) -> Sequence[dict[str, str]]:
        """The first `n` examples of `eval_doc`, as rows with `prompt` and `answer`."""
        if eval_doc is None:
            raise ValueError("lm-eval hands over the item only when fewshot_split equals test_split")
        return list(eval_doc["examples"][:n])


def extract_answers(responses: Iterable[Sequence[str]], docs: Sequence[dict[str, Any]]) -> list[list[str]]:
    """lm-eval filter: the answer in each response, by the item's `answer_kind`; else `[invalid]`.

    lm-eval's own regex filter cannot fold a Unicode minus, and gives an empty match as an answer.
    """
    return [
        [_answered(text, doc["answer_kind"]) for text in texts]
        for texts, doc in zip(responses, docs, strict=True)
    ]


def _answered(text: str, kind: str) -> str:
    # Lists, sentences and programs are scored from the line as it stands.
    if kind in ("number", "span"):
        return extract_answer(text, kind) or INVALID
    line = scored_line(text, kind)
    return line if extract_answer(line, extracted_as(kind)) else INVALID


def score_answer(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """lm-eval metric: the score of the filtered answer by the item's rubric."""
    if results[0] == INVALID:
        return {"score": 0.0}
    return {"score": answer_score(results[0], item_rubric(doc["answer_kind"], doc["answer"], doc["rubric"]))}


class LocalModel(HFLM):
    """HFLM on a loaded model: no look-up on the hub, progress that also reads well in a file, and no batch
    twice."""

    def __init__(self, *, expected_batches: int, label: str, kept: KeptAnswers, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.cache_hook = kept
        self._kept = kept
        stream = sys.stderr
        self._progress = tqdm(
            total=expected_batches, desc=label, unit="batch", file=stream, disable=not stream.isatty()
        )
        self._label, self._expected_batches, self._batches = label, expected_batches, 0
        self._last_line = time.monotonic()

    def get_model_info(self) -> dict[str, Any]:
        """Nothing: lm-eval would ask the hub for the commit of a folder on this disk."""
        return {}

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The rendered conversation; a special token that an item writes out is text, as in training."""
        plain = [{**turn, "content": as_plain_text(self.tokenizer, turn["content"])} for turn in chat_history]
        rendered: str = super().apply_chat_template(plain, add_generation_prompt)
        return rendered

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        """The answers in the order of `requests`; those that are kept are not made again."""
        answers = [self._kept.take(request.args) for request in requests]
        new = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
        self._count((len(requests) - len(new)) // int(self.batch_size))
        made = iter(super().generate_until(new, disable_tqdm) if new else ())
        self._kept.end_batch()
        return [next(made) if answer is None else answer for answer in answers]

    def _model_generate(self, *arguments: Any, **keywords: Any) -> Any:
        self._kept.end_batch()  # the one before
        generated = super()._model_generate(*arguments, **keywords)
        self._count(1)
        if self._progress.disable and time.monotonic() - self._last_line > _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            logger.info("%s: batch %d of about %d", self._label, self._batches, self._expected_batches)
        return generated

    def _count(self, batches: int) -> None:
        self._batches += batches
        self._progress.update(batches)

    def close(self) -> None:
        """Close the progress bar."""
        self._progress.close()
