"""Nodes of `annotation`."""

import logging
from collections import Counter
from typing import Any

import pandas as pd

from instruction_tuning.annotation import gold, sampling
from instruction_tuning.annotation.agreement import agreement, people_table
from instruction_tuning.annotation.annotations import current_annotations
from instruction_tuning.annotation.tasks import KINDS
from instruction_tuning.canonical.raw_rows import preference_conversations
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.annotation.parameters import AnnotationParameters
from instruction_tuning.reporting.agreement_report import agreement_report
from instruction_tuning.seeds import substream_seed
from instruction_tuning.text.counting import tally

logger = logging.getLogger(__name__)


def sample_base_continuations(
    verified_examples: pd.DataFrame, base_model: ModelFolder, parameters: AnnotationParameters
) -> pd.DataFrame:
    """Let the base model go on by itself from the questions of a sample of the examples."""
    number = parameters.tasks.rewrite.number
    order = [
        (substream_seed(parameters.seed, "continue", record_id), record_id)
        for record_id in verified_examples["record_id"]
    ]
    chosen = {record_id for _, record_id in sorted(order)[:number]}
    sample = verified_examples[verified_examples["record_id"].isin(chosen)].sort_values("record_id")
    prompts = {
        str(record_id): without_answer(messages)
        for record_id, messages in zip(sample["record_id"], sample["messages"], strict=True)
    }
    texts: dict[str, list[str]] = {}
    if prompts:
        from instruction_tuning.lm.loading import load_tokenizer
        from instruction_tuning.lm.local import sample_completions

        if not load_tokenizer(base_model).chat_template:
            raise ConfigurationError(
                "the base model has no chat template, so nobody knows how it is asked",
                file=base_model.path,
                field="annotation.tasks.rewrite.number",
                fix="set it to 0, or save the tokenizer with a template",
            )
        logger.info("the base model %s goes on from %d questions", base_model.digest, len(prompts))
        texts = sample_completions(
            base_model,
            prompts,
            samples=1,
            temperature=parameters.continuation_temperature,
            max_new_tokens=parameters.continuation_max_new_tokens,
            seed=parameters.seed,
        )
    rows = [
        {"record_id": record_id, "messages": prompts[record_id], "continuation": written[0].strip()}
        for record_id, written in texts.items()
    ]
    return pd.DataFrame(rows, columns=["record_id", "messages", "continuation"])


def make_annotation_tasks(
    verified_examples: pd.DataFrame,
    rated_responses: pd.DataFrame,
    base_continuations: pd.DataFrame,
    parameters: AnnotationParameters,
) -> pd.DataFrame:
    """Sample the answers that people are asked to rewrite, correct, review and compare."""
    candidates = [
        *sampling.rewrite_candidates(base_continuations),
        *sampling.correct_candidates(rated_responses, max_rating=parameters.correct_max_rating),
        *sampling.review_candidates(verified_examples),
        *sampling.compare_candidates(rated_responses),
    ]
    wanted = {kind: getattr(parameters.tasks, kind) for kind in KINDS}
    tasks = sampling.sample_tasks(
        candidates,
        numbers={kind: wanted[kind].number for kind in KINDS},
        annotators={kind: wanted[kind].annotators for kind in KINDS},
        seed=parameters.seed,
    )
    there, possible = Counter(tasks["kind"]), Counter(task.kind for task in candidates)
    logger.info(
        "%d tasks (%s), to be done with: kedro annotate",
        len(tasks),
        ", ".join(f"{kind} {there[kind]} of {possible[kind]} possible" for kind in KINDS),
    )
    return tasks


def collect_gold_answers(
    annotation_events: pd.DataFrame, parameters: AnnotationParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Collect what people wrote as gold answers, and the same as records that ingestion reads."""
    annotations = current_annotations(annotation_events)
    answers = gold.gold_answers(annotations, per_task=parameters.gold_per_task)
    logger.info("%d written annotations: %s", len(answers), tally(answers["status"]) or "none")
    return answers, gold.gold_records(answers)


def collect_verdicts(annotation_events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Collect what people said of answers; the pairs of which one was preferred, as reward training and as
    ingestion read them."""
    annotations = current_annotations(annotation_events)
    said, pairs = gold.verdicts(annotations), gold.preferred_pairs(annotations)
    compared = said.loc[said["kind"] == "compare", "task_id"].nunique()
    logger.info("%d verdicts; %d of %d compared pairs have a better answer", len(said), len(pairs), compared)
    return said, pairs, preference_conversations(pairs)


def measure_agreement(
    annotation_events: pd.DataFrame, parameters: AnnotationParameters
) -> tuple[pd.DataFrame, str, Any]:
    """Measure how far people agree: in numbers, in words and in a figure."""
    from instruction_tuning.reporting.agreement_figure import agreement_figure

    annotations = current_annotations(annotation_events)
    measured = agreement(annotations, seed=parameters.seed)
    return measured, agreement_report(measured, people_table(annotations)), agreement_figure(measured)
