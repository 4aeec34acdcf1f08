"""instruction_pool -> pool_embeddings, scored_pool -> selection_decisions -> selected_queries."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.query_selection.nodes import (
    collect_selected_queries,
    score_pool,
    select_queries,
)
from instruction_tuning.selection.pool_embeddings import embed_pool


def create_pipeline() -> Pipeline:
    """Embed and score the pool, decide on every record under the budget, list the taken ones."""
    return Pipeline(
        [
            Node(
                embed_pool,
                inputs=["instruction_pool", "base_model", "params:pool_embeddings"],
                outputs="pool_embeddings",
                name="embed_pool",
            ),
            Node(
                score_pool,
                inputs=[
                    "instruction_pool",
                    "base_model",
                    "stored_ratings",
                    "params:query_selection",
                    "params:pool_scores",
                ],
                outputs="scored_pool",
                name="score_pool",
            ),
            Node(
                select_queries,
                inputs=["instruction_pool", "pool_embeddings", "scored_pool", "params:query_selection"],
                outputs="selection_decisions",
                name="select_queries",
            ),
            Node(
                collect_selected_queries,
                inputs=["instruction_pool", "selection_decisions"],
                outputs="selected_queries",
                name="collect_selected_queries",
            ),
        ]
    )
