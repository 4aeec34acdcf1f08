"""Adapters between two raw answer sets and `pool_statistics.answer_sets`."""

import hashlib
import logging
from typing import Any

import pandas as pd

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.canonical.records import asked_text
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.answer_sets.parameters import AnswerSetParameters

logger = logging.getLogger(__name__)


def compare_answers(
    raw_answers: list[RawFile],
    raw_other_answers: list[RawFile],
    base_model: ModelFolder,
    parameters: AnswerSetParameters,
) -> tuple[dict[str, float], Any]:
    """Compare what two sets answer to the same prompts, in numbers and in a figure."""
    from instruction_tuning.lm.loading import load_tokenizer
    from instruction_tuning.pool_statistics.answer_sets import compare_answer_sets
    from instruction_tuning.pool_statistics.lengths import tokenizer_counter
    from instruction_tuning.reporting.answer_set_figure import answer_set_figure

    sets = compare_answer_sets(
        _answers(raw_answers),
        _answers(raw_other_answers),
        tokenizer_counter(load_tokenizer(base_model)),
        names=_names(raw_answers, raw_other_answers),
        frequent=parameters.frequent,
    )
    logger.info(
        "%d prompts in both sets; mean length %.0f and %.0f tokens, the first longer in %.0f%%",
        sets.summary["prompts"],
        sets.summary["left/tokens/mean"],
        sets.summary["right/tokens/mean"],
        100 * sets.summary["left_longer_rate"],
    )
    return sets.summary, answer_set_figure(sets)


def _answers(files: list[RawFile]) -> pd.DataFrame:
    """Answers by what was asked; rows that cannot be read or have no answer are left out."""
    records, rejected = read_files(files, ReadingRules())
    if rejected:
        logger.warning("%d rows of %s have no readable answer", len(rejected), files[0].source)
    return pd.DataFrame(
        {
            "prompt_id": [
                hashlib.sha256(asked_text(record.messages).encode()).hexdigest()[:16] for record in records
            ],
            "language": [record.language for record in records],
            "answer": [record.answer for record in records],
        }
    )


def _names(left: list[RawFile], right: list[RawFile]) -> tuple[str, str]:
    names = left[0].source, right[0].source
    return names if names[0] != names[1] else (f"{names[0]} (first)", f"{names[1]} (second)")
