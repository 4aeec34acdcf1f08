"""Who writes and who judges: a model that was trained here, or a teacher over HTTP."""

from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.instruction_backtranslation.parameters import BacktranslationParameters

if TYPE_CHECKING:
    from instruction_tuning.synthesis.backtranslation.candidates import Written
    from instruction_tuning.synthesis.backtranslation.self_curation import Rating


def written_by_model(
    segments: pd.DataFrame, reverse: ModelFolder, parameters: BacktranslationParameters
) -> "dict[str, Written]":
    """An instruction for each segment, by id, from the `reverse` model."""
    from instruction_tuning.synthesis.backtranslation.candidates import write_instructions

    return write_instructions(
        reverse,
        {
            key: (text, language)
            for key, text, language in zip(
                *(segments[name] for name in ("segment_id", "text", "language")), strict=True
            )
        },
        form=parameters.reverse_form,
        temperature=parameters.temperature,
        top_p=parameters.top_p,
        max_new_tokens=parameters.max_new_tokens,
        seed=parameters.seed,
        part_size=parameters.part_size,
        work_folder=parameters.work_folder / "instructions",
    )


def asked_to_write(
    segments: pd.DataFrame, teacher: Endpoint, parameters: BacktranslationParameters
) -> "tuple[dict[str, Written], pd.DataFrame]":
    """The same from a teacher, and what was asked."""
    from instruction_tuning.synthesis.backtranslation.candidates import (
        backtranslation_requests,
        written_by_teacher,
    )

    requests = backtranslation_requests(
        segments,
        temperature=parameters.temperature,
        max_tokens=parameters.max_new_tokens,
        seed=parameters.seed,
    )
    completions = Asker(parameters.requests).ask(teacher, requests)
    return written_by_teacher(completions), completions


def judged_by_model(
    asked: pd.DataFrame, model: ModelFolder, parameters: BacktranslationParameters
) -> "dict[str, Rating]":
    """Both scores of each candidate, by id."""
    from instruction_tuning.synthesis.backtranslation.self_curation import rate_pairs

    columns = ("segment_id", "instruction", "response", "language")
    return rate_pairs(
        model,
        {key: pair for key, *pair in zip(*(asked[name] for name in columns), strict=True)},
        form=parameters.rating_form,
        tags=parameters.inference_tags,
        max_new_tokens=parameters.rating_max_new_tokens,
        part_size=parameters.part_size,
        work_folder=parameters.work_folder / "ratings",
    )


def asked_to_judge(
    asked: pd.DataFrame, earlier: pd.DataFrame, teacher: Endpoint, parameters: BacktranslationParameters
) -> "tuple[dict[str, Rating], pd.DataFrame]":
    """The levels that a teacher names, and what was asked; `earlier` requests are of the same budget."""
    from instruction_tuning.synthesis.backtranslation.self_curation import (
        curation_requests,
        ratings_of_teacher,
    )

    requests = curation_requests(asked, max_tokens=parameters.rating_max_new_tokens, seed=parameters.seed)
    completions = Asker(parameters.requests, earlier).ask(teacher, requests)
    return ratings_of_teacher(completions), completions


def nothing_asked(teacher: Endpoint) -> pd.DataFrame:
    """What a teacher was asked where a model is."""
    return completions_frame(teacher.model, [], {})
