"""Nodes of `instruction_backtranslation`: seeds, candidates, a round, and what came out.

Li et al. 2023, Humpback (arXiv 2308.06259); the steps are in synthesis/backtranslation. The models of the
rounds are trained inside the node that asks them: a training that finished is found, not repeated.
"""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipelines.instruction_backtranslation.asking import (
    asked_to_judge,
    asked_to_write,
    judged_by_model,
    nothing_asked,
    written_by_model,
)
from instruction_tuning.pipelines.instruction_backtranslation.parameters import BacktranslationParameters
from instruction_tuning.synthesis.backtranslation import rounds, seed_pairs
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters
from instruction_tuning.verification.marks import FAILED, READ, UNPARSEABLE, refuse_unreadable_replies

if TYPE_CHECKING:
    from instruction_tuning.training.resumable import TrainingResult

logger = logging.getLogger(__name__)


def collect_seed_pairs(
    instruction_pool: pd.DataFrame,
    stored_examples: pd.DataFrame | None,
    parameters: BacktranslationParameters,
) -> pd.DataFrame:
    """Questions with answers: the pool's own, or those that an earlier run verified."""
    records = instruction_pool
    if parameters.seeds == "verified_examples":
        if stored_examples is None:
            raise ConfigurationError(
                "no verified answers are stored yet",
                field="instruction_backtranslation.seeds",
                fix="make them first: kedro run --pipeline=answer_generation; or take seeds=pool",
            )
        records = stored_examples
    return seed_pairs.seed_pairs(records, count=parameters.seed_pairs, seed=parameters.seed)


def write_candidates(
    document_segments: pd.DataFrame,
    pairs: pd.DataFrame,
    base_model: ModelFolder,
    replay_documents: pd.DataFrame,
    teacher: Endpoint,
    sft: SFTParameters,
    parameters: BacktranslationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An instruction for each segment, by a reverse model trained on the seeds, or by a teacher."""
    from instruction_tuning.synthesis.backtranslation import candidates

    if document_segments.empty:
        raise InputError(
            "there is no segment to find an instruction for",
            fix="look at rejected_segments for the reasons; backtranslation_segments sets the lengths",
        )
    if parameters.written_by == "teacher":
        written, completions = asked_to_write(document_segments, teacher, parameters)
        writer = teacher.model
    else:
        documents, recipe = replay_documents, sft
        if parameters.reverse_form == "document":
            replayed = round(sft.documents_per_example * len(pairs))
            documents = seed_pairs.reverse_documents(
                pairs, replay_documents, replayed=replayed, seed=parameters.seed
            )
            recipe = sft.model_copy(update={"documents_per_example": len(documents) / len(pairs)})
        examples = seed_pairs.reverse_examples(pairs)
        reverse = _trained(base_model, examples, documents, recipe, parameters)
        written = written_by_model(document_segments, reverse.model, parameters)
        writer, completions = reverse.model.digest, nothing_asked(teacher)
    frame = candidates.candidates(
        document_segments,
        written,
        writer,
        max_instruction_characters=parameters.max_instruction_characters,
        max_repeated_share=parameters.max_repeated_share,
        max_rejected_rate=parameters.max_rejected_rate,
    )
    return frame, completions


def list_unjudged(candidates: pd.DataFrame) -> pd.DataFrame:
    """Round 0: all candidates, none of them judged or kept."""
    return rounds.unjudged(candidates)


def judge_candidates(
    candidates: pd.DataFrame,
    backtranslation_completions: pd.DataFrame,
    curated_before: pd.DataFrame,
    pairs: pd.DataFrame,
    base_model: ModelFolder,
    replay_documents: pd.DataFrame,
    teacher: Endpoint,
    sft: SFTParameters,
    parameters: BacktranslationParameters,
    *,
    number: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """All candidates as a model judges them that was trained, from the base, on what was kept before.

    Returns them, the examples that the next model is trained on, and what a teacher was asked.
    """
    asked = candidates[candidates["status"] == "ok"]
    if parameters.curated_by == "teacher":
        ratings, completions = asked_to_judge(asked, backtranslation_completions, teacher, parameters)
        judge = teacher.model
    else:
        examples = rounds.training_examples(pairs, curated_before, is_tagged=parameters.source_tags)
        model = _trained(base_model, examples, replay_documents, sft, parameters).model
        ratings = judged_by_model(asked, model, parameters)
        judge, completions = model.digest, nothing_asked(teacher)
    frame = rounds.curated(
        candidates,
        ratings,
        number=number,
        score_by=parameters.score_by,
        keep_level=parameters.keep_level,
        judge=judge,
    )
    if parameters.score_by == "parsed_text":
        _refuse_unreadable(frame, parameters)
    _tell(frame, number)
    return frame, rounds.training_examples(pairs, frame, is_tagged=parameters.source_tags), completions


def train_on_curated(
    base_model: ModelFolder,
    examples: pd.DataFrame,
    replay_documents: pd.DataFrame,
    sft: SFTParameters,
    parameters: BacktranslationParameters,
) -> tuple[ModelFolder, pd.DataFrame, dict[str, float]]:
    """The model of the last round, from the base; its loss curve and its metrics."""
    trained = _trained(base_model, examples, replay_documents, sft, parameters)
    return trained.model, trained.log, trained.metrics


def publish_backtranslated_model(
    trained: ModelFolder,
    training_log: pd.DataFrame,
    metrics: dict[str, float],
    parameters: BacktranslationParameters,
) -> ModelFolder:
    """The trained model with the tags of both sources in its chat template, and how it was trained."""
    from instruction_tuning.synthesis.backtranslation.tagged_model import with_tagged_template
    from instruction_tuning.training.training_record import write_training_record

    tagged = with_tagged_template(trained, parameters.inference_tags, parameters.work_folder / "published")
    return write_training_record(tagged, training_log, metrics)


def _trained(
    base: ModelFolder,
    examples: pd.DataFrame,
    replay_documents: pd.DataFrame,
    sft: SFTParameters,
    parameters: BacktranslationParameters,
) -> "TrainingResult":
    changed = {
        "num_train_epochs": parameters.num_train_epochs,
        "seed": parameters.seed,
        "work_folder": str(parameters.work_folder / "training"),
    }
    return fine_tune_on_examples(base, examples, replay_documents, sft.model_copy(update=changed))


def _refuse_unreadable(curated: pd.DataFrame, parameters: BacktranslationParameters) -> None:
    judged = curated[curated["parse_ok"].notna()]
    statuses = judged["parse_ok"].map({True: READ, False: UNPARSEABLE}).fillna(FAILED)
    refuse_unreadable_replies(
        statuses,
        judged["reply"],
        asked_for="level from 1 to 5",
        field="instruction_backtranslation.max_unreadable_rate",
        max_unreadable_rate=parameters.max_unreadable_rate,
        fix="read the levels from probabilities (score_by: expected_value), raise rating_max_new_tokens "
        "where replies are cut off, or raise the limit",
    )


def _tell(curated: pd.DataFrame, number: int) -> None:
    judged = curated[curated["parse_ok"].notna()]
    logger.info(
        "round %d: %d of %d candidates kept; a level could be read in %d of %d replies",
        number,
        int(curated["kept"].sum()),
        len(curated),
        int((judged["parse_ok"] == True).sum()),  # noqa: E712
        len(judged),
    )
    if not curated["kept"].any():
        logger.warning("not a single candidate was kept: the next model is trained on the seeds alone")
