"""The base fine-tuned on some examples as `sft` would: for pipelines that train to learn about their data."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.training.sft_parameters import SFTParameters

if TYPE_CHECKING:
    from instruction_tuning.training.resumable import TrainingResult


def fine_tune_on_examples(
    base: ModelFolder, examples: pd.DataFrame, replay_documents: pd.DataFrame, parameters: SFTParameters
) -> "TrainingResult":
    """`base` trained on `examples` (record_id, messages, source) with replayed documents, resumable.

    The order of the rows does not matter; `response_id` is null where there is none. Raises `InputError` for
    fewer than two records.
    """
    from instruction_tuning.training.supervised import fine_tune

    known = examples if "response_id" in examples else examples.assign(response_id=None)
    training, validation = build_mixture(
        known.sort_values("record_id", kind="stable", ignore_index=True),
        replay_documents,
        documents_per_example=parameters.documents_per_example,
        validation_share=parameters.validation_share,
        validation_minimum=parameters.validation_minimum,
        seed=parameters.seed,
    )
    return fine_tune(base, training, validation, parameters.recipe(), Path(parameters.work_folder))
