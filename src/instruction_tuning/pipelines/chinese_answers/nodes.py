"""Nodes of `chinese_answers`."""

import logging
from functools import partial

import pandas as pd

from instruction_tuning.answering.tested_programs import Sampling
from instruction_tuning.answering.two_ways import answers_two_ways, comparison, translatable
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
    logger.info("%d Chinese answers of %d: %s", (made["status"] == "ok").sum(), len(made), measured)
    return made, asker.completions(teacher), measured
