"""instruction_pool -> pool_embeddings -> selected_queries."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.query_selection.nodes import embed_pool, select_queries


def create_pipeline() -> Pipeline:
    """Embed the pool, then pick under the budget."""
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
                outputs="selected_queries",
                name="select_queries",
            ),
        ]
    )
