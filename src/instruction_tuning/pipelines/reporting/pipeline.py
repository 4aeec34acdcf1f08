"""What the other pipelines stored -> figures, run_report, run_dashboard."""

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
                inputs=["instruction_pool", "pool_embeddings", "selected_queries", "params:reporting"],
                outputs="selection_figure",
                name="draw_selection",
            ),
            Node(
                draw_training,
                inputs=["sft_training_log", "reward_training_log", "sft_metrics"],
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
                    "teacher_completions",
                    "rated_responses",
                    "verified_examples",
                    "rejected_answers",
                    "sft_metrics",
                    "reward_metrics",
                    "promotion_verdict",
                    "params:reporting",
                ],
                outputs="run_summary",
                name="summarise_run",
            ),
            Node(write_run_report, inputs="run_summary", outputs="run_report", name="write_run_report"),
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
        ]
    )
