"""instruction_pool, rated_pool -> compared_selections -> table, figures and a map of the pool."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.selection_comparison.nodes import (
    compare_selections,
    count_costs,
    draw_comparison,
    score_for_comparison,
)
from instruction_tuning.selection.pool_embeddings import embed_pool


def create_pipeline() -> Pipeline:
    """Embed and score the pool for all methods, let each pick, and set them side by side."""
    return Pipeline(
        [
            Node(
                embed_pool,
                inputs=["instruction_pool", "base_model", "params:pool_embeddings"],
                outputs="compared_embeddings",
                name="embed_pool",
            ),
            Node(
                score_for_comparison,
                inputs=[
                    "instruction_pool",
                    "base_model",
                    "rated_pool",
                    "stored_ratings",
                    "params:query_selection",
                    "params:pool_scores",
                    "params:selection_comparison",
                ],
                outputs=["compared_scores", "score_seconds"],
                name="score_for_comparison",
            ),
            Node(
                compare_selections,
                inputs=[
                    "instruction_pool",
                    "compared_embeddings",
                    "compared_scores",
                    "params:query_selection",
                    "params:selection_comparison",
                ],
                outputs=["compared_selections", "sampling_seconds"],
                name="compare_selections",
            ),
            Node(
                count_costs,
                inputs=[
                    "tagging_completions",
                    "marking_completions",
                    "ladder_completions",
                    "score_seconds",
                    "sampling_seconds",
                    "params:query_selection",
                    "params:pool_scores",
                    "params:selection_comparison",
                ],
                outputs="selection_costs",
                name="count_costs",
            ),
            Node(
                draw_comparison,
                inputs=[
                    "instruction_pool",
                    "compared_embeddings",
                    "compared_scores",
                    "compared_selections",
                    "selection_costs",
                    "params:selection_comparison",
                ],
                outputs=[
                    "selection_comparison_table",
                    "selection_overlap_figure",
                    "selection_length_figure",
                    "selection_composition_figure",
                    "selection_cost_figure",
                    "selection_map",
                ],
                name="draw_comparison",
            ),
        ]
    )
