"""What the other pipelines stored -> figures, run_dashboard, run_report."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.reporting.nodes import (
    draw_abilities,
    draw_ingestion,
    draw_selection,
    draw_training,
    summarise_run,
    write_dashboard,
    write_run_report,
)


def create_pipeline() -> Pipeline:
    """Draw, count, write."""
    return Pipeline(
        [
            Node(
                draw_ingestion,
                inputs=["instruction_pool", "rejected_records"],
                outputs="ingestion_figure",
                name="draw_ingestion",
            ),
            Node(
                draw_selection,
                inputs=["instruction_pool", "selected_queries", "params:reporting"],
                outputs="selection_figure",
                name="draw_selection",
            ),
            Node(
                draw_training,
                inputs=["sft_model", "reward_model"],
                outputs="training_figure",
                name="draw_training",
            ),
            Node(draw_abilities, inputs="promotion_verdict", outputs="ability_figure", name="draw_abilities"),
            Node(
                summarise_run,
                inputs=[
                    "instruction_pool",
                    "rejected_records",
                    "selected_queries",
                    "rated_responses",
                    "verified_examples",
                    "sft_model",
                    "reward_model",
                    "promotion_verdict",
                    "params:reporting",
                ],
                outputs="run_summary",
                name="summarise_run",
            ),
            Node(
                write_dashboard,
                inputs=[
                    "run_summary",
                    "ingestion_figure",
                    "selection_figure",
                    "training_figure",
                    "ability_figure",
                ],
                outputs="run_dashboard",
                name="write_dashboard",
            ),
            Node(
                write_run_report,
                inputs=["run_summary", "run_dashboard"],
                outputs="run_report",
                name="write_run_report",
            ),
        ]
    )
