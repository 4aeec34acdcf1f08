"""compared_selections -> arena_queries; arena_examples -> arena_scores -> arena_ranking, arena_figure."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.selection_arena.nodes import list_arena_queries, rank_arena, train_arena


def create_queries() -> Pipeline:
    """List what has to be answered before anything is trained: a part of the stage that answers."""
    return Pipeline(
        [
            Node(
                list_arena_queries,
                inputs=["instruction_pool", "compared_selections", "params:selection_arena"],
                outputs="arena_queries",
                name="list_arena_queries",
            )
        ]
    )


def create_pipeline() -> Pipeline:
    """With the answers train, measure and rank."""
    return Pipeline(
        [
            Node(
                train_arena,
                inputs=[
                    "base_model",
                    "arena_examples",
                    "compared_selections",
                    "replay_documents",
                    "benchmark_items",
                    "params:sft",
                    "params:evaluation",
                    "params:selection_arena",
                ],
                outputs=["arena_scores", "arena_trainings"],
                name="train_arena",
            ),
            Node(
                rank_arena,
                inputs=[
                    "arena_scores",
                    "arena_trainings",
                    "params:selection_arena",
                    "params:selection_comparison.reference",
                ],
                outputs=["arena_ranking", "arena_figure", "arena_table"],
                name="rank_arena",
            ),
        ]
    )
