"""Adapters between the catalog and the room `reporting`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.pipelines.reporting.parameters import ReportingParameters

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from instruction_tuning.reporting.run_summary import RunSummary


def draw_ingestion(instruction_pool: pd.DataFrame, rejected_records: pd.DataFrame) -> "Figure":
    """Draw the rows that are left after each stage of ingestion."""
    from instruction_tuning.reporting.figures import ingestion_figure

    return ingestion_figure(instruction_pool, rejected_records)


def draw_selection(
    instruction_pool: pd.DataFrame,
    pool_embeddings: pd.DataFrame,
    selected_queries: pd.DataFrame,
    parameters: ReportingParameters,
) -> "Figure":
    """Draw the pool with the selected records marked."""
    from instruction_tuning.reporting.selection_figure import selection_figure

    return selection_figure(instruction_pool, pool_embeddings, selected_queries, seed=parameters.seed)


def draw_training(
    sft_training_log: pd.DataFrame, reward_training_log: pd.DataFrame, sft_metrics: Mapping[str, float]
) -> "Figure":
    """Draw the loss curves of both trained models."""
    from instruction_tuning.reporting.figures import training_figure

    return training_figure(sft_training_log, reward_training_log, sft_metrics)


def draw_abilities(promotion_verdict: Mapping[str, Any]) -> "Figure":
    """Draw the candidate against base and champion, by ability and form."""
    from instruction_tuning.reporting.figures import ability_figure

    return ability_figure(promotion_verdict["evidence"])


def summarise_run(
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    selected_queries: pd.DataFrame,
    teacher_completions: pd.DataFrame,
    rated_responses: pd.DataFrame,
    verified_examples: pd.DataFrame,
    rejected_answers: pd.DataFrame,
    sft_metrics: Mapping[str, float],
    reward_metrics: Mapping[str, float],
    promotion_verdict: Mapping[str, Any],
    parameters: ReportingParameters,
) -> "RunSummary":
    """Count what the run did and choose the records to show."""
    from instruction_tuning.reporting.run_summary import summarise

    return summarise(
        instruction_pool=instruction_pool,
        rejected_records=rejected_records,
        selected_queries=selected_queries,
        teacher_completions=teacher_completions,
        rated_responses=rated_responses,
        verified_examples=verified_examples,
        rejected_answers=rejected_answers,
        sft_metrics=sft_metrics,
        reward_metrics=reward_metrics,
        promotion_verdict=promotion_verdict,
        seed=parameters.seed,
    )


def write_run_report(run_summary: "RunSummary") -> str:
    """Write the report that the command line shows at the end of a run."""
    from instruction_tuning.reporting.run_report import run_report

    return run_report(run_summary)


def write_dashboard(
    run_summary: "RunSummary",
    ingestion_figure: "Figure",
    selection_figure: "Figure",
    training_figure: "Figure",
    ability_figure: "Figure",
) -> str:
    """Write the report with its figures as one page that needs no network."""
    from instruction_tuning.reporting.dashboard import dashboard

    return dashboard(run_summary, [ability_figure, ingestion_figure, selection_figure, training_figure])
