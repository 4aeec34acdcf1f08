"""instruction_pool -> pool_tags, pool_marks, scored_ladders, deita_scores, model_measures -> rated_pool."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.pool_ratings.asking_nodes import build_ladders, mark_pool, tag_pool
from instruction_tuning.pipelines.pool_ratings.nodes import (
    collect_ratings,
    measure_with_models,
    score_by_deita,
)


def create_pipeline() -> Pipeline:
    """Tag, mark, build ladders and train scorers on them, ask models, collect."""
    return Pipeline(
        [
            Node(
                tag_pool,
                inputs=["instruction_pool", "params:teacher", "params:pool_ratings"],
                outputs=["pool_tags", "tag_fates", "tagging_completions"],
                name="tag_pool",
            ),
            Node(
                mark_pool,
                inputs=["instruction_pool", "params:teacher", "tagging_completions", "params:pool_ratings"],
                outputs=["pool_marks", "marking_completions"],
                name="mark_pool",
            ),
            Node(
                build_ladders,
                inputs=[
                    "instruction_pool",
                    "params:teacher",
                    "tagging_completions",
                    "marking_completions",
                    "params:pool_ratings",
                ],
                outputs=["scored_ladders", "ladder_completions"],
                name="build_ladders",
            ),
            Node(
                score_by_deita,
                inputs=[
                    "instruction_pool",
                    "scored_ladders",
                    "replay_documents",
                    "base_model",
                    "params:sft",
                    "params:pool_ratings",
                ],
                outputs="deita_scores",
                name="score_by_deita",
            ),
            Node(
                measure_with_models,
                inputs=[
                    "instruction_pool",
                    "replay_documents",
                    "base_model",
                    "champion_model",
                    "params:sft",
                    "params:pool_embeddings",
                    "params:pool_scores",
                    "params:pool_ratings",
                ],
                outputs="model_measures",
                name="measure_with_models",
            ),
            Node(
                collect_ratings,
                inputs=["instruction_pool", "pool_tags", "pool_marks", "deita_scores", "model_measures"],
                outputs="rated_pool",
                name="collect_ratings",
            ),
        ]
    )
