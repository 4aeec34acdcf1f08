"""instruction_pool -> pool_embeddings -> selection_decisions -> selected_queries."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.query_selection.nodes import (
    collect_selected_queries,
    embed_pool,
    select_queries,
)


def create_pipeline() -> Pipeline:
    """Embed the pool, decide on every record under the budget, list the taken ones."""
    return Pipeline(
        [
            Node(
                embed_pool,
                inputs=["instruction_pool", "base_model", "params:query_selection"],
                outputs="pool_embeddings",
                name="embed_pool",
            ),
            Node(
                select_queries,
                inputs=["instruction_pool", "pool_embeddings", "params:query_selection"],
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
