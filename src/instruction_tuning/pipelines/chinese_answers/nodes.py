"""Nodes of `chinese_answers`."""

import logging
from functools import partial

import pandas as pd

from instruction_tuning.answering.sampling import Sampling
from instruction_tuning.answering.two_ways import (
    NOT_TRANSLATED,
    answers_two_ways,
    comparison,
    translatable,
)
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.chinese_answers.parameters import ChineseAnswersParameters

logger = logging.getLogger(__name__)


def answer_in_chinese(
    verified_examples: pd.DataFrame, teacher: Endpoint, parameters: ChineseAnswersParameters
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """Each English example in Chinese by both ways; the requests; and how far the two agree."""
    asker = Asker(parameters.requests)
    sampling = Sampling(parameters.temperature, parameters.max_tokens, parameters.seed)
    made = answers_two_ways(translatable(verified_examples), partial(asker.ask, teacher), sampling)
    measured = comparison(made)
    failed = made[made["status"] != "ok"]
    logger.info("%d Chinese answers of %d, by two ways", len(made) - len(failed), len(made))
    untranslated = int((failed["reason"] == NOT_TRANSLATED).sum()) // 2
    if untranslated:
        logger.warning(
            "the teacher has no Chinese for %d of %d instructions; nothing more was asked about these",
            untranslated,
            len(made) // 2,
        )
    return made, asker.completions(teacher), measured
