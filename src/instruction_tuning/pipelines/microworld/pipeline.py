"""The microworld's raw data, from its seed."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.microworld.nodes import (
    write_benchmark_items,
    write_raw_pool,
    write_replay_documents,
    write_seed_tasks,
    write_web_documents,
)


def create_pipeline() -> Pipeline:
    """Write the pool, the benchmark items, the replay documents, the seed tasks and the web pages."""
    return Pipeline(
        [
            Node(
                write_raw_pool,
                inputs="params:microworld",
                outputs=["microworld_pool_files", "microworld_pool_truth"],
                name="write_raw_pool",
            ),
            Node(
                write_benchmark_items,
                inputs="params:microworld",
                outputs="microworld_benchmark_items",
                name="write_benchmark_items",
            ),
            Node(
                write_replay_documents,
                inputs="params:microworld",
                outputs="microworld_replay_documents",
                name="write_replay_documents",
            ),
            Node(
                write_seed_tasks,
                inputs="params:microworld",
                outputs="microworld_seed_tasks",
                name="write_seed_tasks",
            ),
            Node(
                write_web_documents,
                inputs="params:microworld",
                outputs=["microworld_web_documents", "microworld_web_truth"],
                name="write_web_documents",
            ),
        ]
    )
