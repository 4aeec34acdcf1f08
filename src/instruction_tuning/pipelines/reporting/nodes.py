"""Adapters between the catalog and the room `reporting`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.reporting.parameters import ReportingParameters

# Kedro reads these signatures to find typed parameters, so every name in them must exist at run time:
# figures and the summary are `Any`, since plotly is not to be imported before a node runs.


def draw_ingestion(instruction_pool: pd.DataFrame, rejected_records: pd.DataFrame) -> Any:
    """Draw the rows that are left after each stage of ingestion."""
    from instruction_tuning.reporting.figures import ingestion_figure

    return ingestion_figure(instruction_pool, rejected_records)


def draw_selection(
    instruction_pool: pd.DataFrame, selected_queries: pd.DataFrame, parameters: ReportingParameters
) -> Any:
    """Draw the pool with the selected records marked."""
    from instruction_tuning.reporting.selection_figure import selection_figure

    return selection_figure(instruction_pool, selected_queries, seed=parameters.seed)


def draw_training(sft_model: ModelFolder, reward_model: ModelFolder) -> Any:
    """Draw the loss curves that both trained models carry."""
    from instruction_tuning.reporting.figures import training_figure
    from instruction_tuning.training.training_record import read_training_record

    sft_log, sft_metrics = read_training_record(sft_model)
    reward_log, _ = read_training_record(reward_model)
    return training_figure(sft_log, reward_log, sft_metrics)


def draw_abilities(promotion_verdict: Mapping[str, Any]) -> Any:
    """Draw the candidate against base and champion, by ability and form."""
    from instruction_tuning.reporting.figures import ability_figure

    return ability_figure(promotion_verdict["evidence"])


def summarise_run(
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    selected_queries: pd.DataFrame,
    rated_responses: pd.DataFrame,
    verified_examples: pd.DataFrame,
    sft_model: ModelFolder,
    reward_model: ModelFolder,
    promotion_verdict: Mapping[str, Any],
    parameters: ReportingParameters,
) -> Any:
    """Count what the run did and choose the records to show."""
    from instruction_tuning.reporting.run_summary import summarise
    from instruction_tuning.training.training_record import read_training_record

    return summarise(
        instruction_pool=instruction_pool,
        rejected_records=rejected_records,
        selected_queries=selected_queries,
        rated_responses=rated_responses,
        verified_examples=verified_examples,
        sft_metrics=read_training_record(sft_model)[1],
        reward_metrics=read_training_record(reward_model)[1],
        promotion_verdict=promotion_verdict,
        seed=parameters.seed,
    )


def write_dashboard(
    run_summary: Any,
    ingestion_figure: Any,
    selection_figure: Any,
    training_figure: Any,
    ability_figure: Any,
) -> str:
    """Write the report with its figures as one page that needs no network."""
    from instruction_tuning.reporting.dashboard import dashboard

    return dashboard(run_summary, [ability_figure, ingestion_figure, selection_figure, training_figure])


def write_run_report(run_summary: Any, run_dashboard: Path) -> str:
    """Write the report that the command line shows at the end of a run; it names the page."""
    from instruction_tuning.reporting.run_report import run_report

    here = Path.cwd()
    page = run_dashboard.relative_to(here) if run_dashboard.is_relative_to(here) else run_dashboard
    return run_report(run_summary, page=page.as_posix())
