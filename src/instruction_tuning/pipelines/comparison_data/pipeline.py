"""selected_queries -> compared_responses -> comparison_pairs, compared_ratings, comparison_report."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.comparison_data.nodes import (
    answer_with_models,
    measure_comparisons,
    pair_compared_responses,
    rate_compared_answers,
)


def create_pipeline() -> Pipeline:
    """Answer, rate, pair, measure."""
    return Pipeline(
        [
            Node(
                answer_with_models,
                inputs=[
                    "selected_queries",
                    "params:teacher",
                    "base_model",
                    "champion_model",
                    "params:comparison_data",
                ],
                outputs=["compared_answers", "compared_answer_completions"],
                name="answer_with_models",
            ),
            Node(
                rate_compared_answers,
                inputs=[
                    "compared_answers",
                    "compared_answer_completions",
                    "params:teacher",
                    "params:comparison_data",
                ],
                outputs=["compared_responses", "comparison_completions"],
                name="rate_compared_answers",
            ),
            Node(
                pair_compared_responses,
                inputs=["compared_responses", "params:comparison_data"],
                outputs=[
                    "comparison_pairs",
                    "compared_ratings",
                    "comparison_votes",
                    "comparison_preferences",
                ],
                name="pair_compared_responses",
            ),
            Node(
                measure_comparisons,
                inputs=["compared_responses", "comparison_pairs", "params:comparison_data"],
                outputs=["comparison_metrics", "comparison_figure", "comparison_report"],
                name="measure_comparisons",
            ),
        ]
    )
