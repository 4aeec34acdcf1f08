"""Adapters between the catalog and the statistics of a pool: what came through, for a person to look at."""

import logging
from typing import Any

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.ingestion.pool_parameters import PoolStatisticsParameters

# scikit-learn, transformers and Plotly are not to be imported before a node runs; figures are `Any` for that.

logger = logging.getLogger(__name__)


def measure_pool(
    instruction_pool: pd.DataFrame, base_model: ModelFolder, parameters: PoolStatisticsParameters
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Count rows, words and tokens of the base model."""
    from instruction_tuning.lm.loading import load_tokenizer
    from instruction_tuning.pool_statistics.lengths import tokenizer_counter
    from instruction_tuning.pool_statistics.pool_summary import pool_summary

    count_tokens = tokenizer_counter(load_tokenizer(base_model))
    measured = pool_summary(instruction_pool, count_tokens, measured_rows=parameters.measured_rows)
    metrics = measured[0]
    logger.info(
        "%d records measured: %d tokens in instructions, %d in answers",
        metrics["rows_measured"],
        metrics["instruction/tokens/tokens"],
        metrics["answer/tokens/tokens"],
    )
    return measured


def count_verb_noun_pairs(
    instruction_pool: pd.DataFrame, parameters: PoolStatisticsParameters
) -> pd.DataFrame:
    """Count the verbs with their objects, of instructions and of answers."""
    from instruction_tuning.pool_statistics.pool_summary import PARTS, texts_of
    from instruction_tuning.pool_statistics.verb_noun import frequent_pairs, verb_noun_counts

    frames = []
    for part in PARTS:
        texts = texts_of(instruction_pool, part)
        counts = verb_noun_counts(texts["text"], texts["language"])
        frames.append(frequent_pairs(counts, at_least=parameters.min_pair_count).assign(part=part))
    pairs = pd.concat(frames, ignore_index=True)
    return pairs[["part", *pairs.columns.drop("part")]].astype({"part": "str"})


def group_topics(instruction_pool: pd.DataFrame, parameters: PoolStatisticsParameters) -> pd.DataFrame:
    """Group the instructions by their words, and name the groups."""
    from instruction_tuning.pool_statistics.topics import topics

    _, frame = topics(
        instruction_pool["prompt"].tolist(),
        instruction_pool["record_id"].tolist(),
        count=parameters.topics,
        seed=parameters.seed,
    )
    return frame


def draw_verb_noun_pairs(verb_noun_pairs: pd.DataFrame, parameters: PoolStatisticsParameters) -> Any:
    """Draw the most frequent verbs with their objects."""
    from instruction_tuning.reporting.pool_figures import verb_noun_figure

    return verb_noun_figure(verb_noun_pairs, most=parameters.top_pairs)


def draw_pool_lengths(pool_length_histograms: pd.DataFrame, pool_length_quantiles: pd.DataFrame) -> Any:
    """Draw how long instructions and answers are."""
    from instruction_tuning.reporting.pool_figures import pool_length_figure

    return pool_length_figure(pool_length_histograms, pool_length_quantiles)


def draw_pool_mix(instruction_pool: pd.DataFrame) -> Any:
    """Draw the pool by language, licence and category."""
    from instruction_tuning.reporting.pool_figures import pool_mix_figure

    return pool_mix_figure(instruction_pool)


def draw_topics(pool_topics: pd.DataFrame) -> Any:
    """Draw the topics by size."""
    from instruction_tuning.reporting.pool_figures import topic_figure

    return topic_figure(pool_topics)


def write_pool_page(
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    record_repairs: pd.DataFrame,
    pool_metrics: dict[str, float],
    pool_topics: pd.DataFrame,
    contamination_report: pd.DataFrame,
    contamination_matches: pd.DataFrame,
    verb_noun_figure: Any,
    pool_length_figure: Any,
    pool_mix_figure: Any,
    topic_figure: Any,
    duplicate_clusters: pd.DataFrame,
    duplicate_figure: Any,
    parameters: PoolStatisticsParameters,
) -> str:
    """Write the page to read the data on: figures, and kept, flagged and rejected rows."""
    from instruction_tuning.pool_statistics.reading_sample import rows_to_read
    from instruction_tuning.reporting.pool_page import pool_page

    rows = rows_to_read(
        instruction_pool,
        rejected_records,
        record_repairs,
        seed=parameters.seed,
        kept=parameters.kept_rows,
        flagged=parameters.flagged_rows,
        rejected=parameters.rejected_rows,
    )
    figures = [verb_noun_figure, pool_length_figure, pool_mix_figure, topic_figure, duplicate_figure]
    return pool_page(
        instruction_pool,
        rejected_records,
        rows,
        pool_metrics,
        pool_topics,
        duplicate_clusters,
        (contamination_report, contamination_matches),
        figures,
        seed=parameters.seed,
        matches=parameters.matching_texts,
    )
