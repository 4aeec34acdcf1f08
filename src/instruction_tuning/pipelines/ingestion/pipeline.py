"""read -> remove duplicates -> remove benchmark leaks -> account for every row."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.ingestion.nodes import (
    collect_rejected_records,
    read_raw_records,
    remove_benchmark_leaks,
    remove_duplicates,
)


def create_pipeline() -> Pipeline:
    """Raw files and benchmark items in, `instruction_pool` and `rejected_records` out."""
    return Pipeline(
        [
            Node(
                read_raw_records,
                inputs=["raw_instructions", "params:ingestion"],
                outputs=[
                    "canonical_instructions",
                    "unreadable_records",
                    "record_repairs",
                    "source_files",
                    "source_documents",
                    "answer_comparisons",
                ],
                name="read_raw_records",
            ),
            Node(
                remove_duplicates,
                inputs=["canonical_instructions", "params:ingestion"],
                outputs=["distinct_instructions", "duplicate_records"],
                name="remove_duplicates",
            ),
            Node(
                remove_benchmark_leaks,
                inputs=["distinct_instructions", "benchmark_items", "params:ingestion"],
                outputs=["instruction_pool", "contaminated_records"],
                name="remove_benchmark_leaks",
            ),
            Node(
                collect_rejected_records,
                inputs=[
                    "canonical_instructions",
                    "unreadable_records",
                    "duplicate_records",
                    "contaminated_records",
                    "instruction_pool",
                    "record_repairs",
                    "source_files",
                    "source_documents",
                    "answer_comparisons",
                ],
                outputs="rejected_records",
                name="collect_rejected_records",
            ),
        ]
    )
