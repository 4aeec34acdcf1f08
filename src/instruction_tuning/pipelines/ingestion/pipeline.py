"""read -> remove duplicates -> remove benchmark leaks -> account for every row -> show what is there."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.ingestion.decontamination_nodes import remove_benchmark_leaks
from instruction_tuning.pipelines.ingestion.duplicate_nodes import draw_duplicate_clusters, remove_duplicates
from instruction_tuning.pipelines.ingestion.nodes import (
    collect_rejected_records,
    read_raw_records,
)
from instruction_tuning.pipelines.ingestion.pool_nodes import (
    count_verb_noun_pairs,
    draw_pool_lengths,
    draw_pool_mix,
    draw_topics,
    draw_verb_noun_pairs,
    group_topics,
    measure_pool,
    write_pool_page,
)


def create_pipeline() -> Pipeline:
    """Raw files and benchmark items in, `instruction_pool` and `rejected_records` out, and a page on both."""
    return _pool() + _page()


def _pool() -> Pipeline:
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
                inputs=["canonical_instructions", "params:duplicates", "base_model"],
                outputs=["distinct_instructions", "duplicate_records", "duplicate_clusters"],
                name="remove_duplicates",
            ),
            Node(
                remove_benchmark_leaks,
                inputs=[
                    "distinct_instructions",
                    "benchmark_items",
                    "params:evaluation_data",
                    "params:decontamination",
                ],
                outputs=[
                    "instruction_pool",
                    "contaminated_records",
                    "contamination_matches",
                    "contamination_report",
                ],
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


def _page() -> Pipeline:
    return Pipeline(
        [
            Node(
                measure_pool,
                inputs=["instruction_pool", "base_model", "params:pool_statistics"],
                outputs=["pool_metrics", "pool_length_histograms", "pool_length_quantiles"],
                name="measure_pool",
            ),
            Node(
                count_verb_noun_pairs,
                inputs=["instruction_pool", "params:pool_statistics"],
                outputs="verb_noun_pairs",
                name="count_verb_noun_pairs",
            ),
            Node(
                group_topics,
                inputs=["instruction_pool", "params:pool_statistics"],
                outputs="pool_topics",
                name="group_topics",
            ),
            Node(
                draw_verb_noun_pairs,
                inputs=["verb_noun_pairs", "params:pool_statistics"],
                outputs="verb_noun_figure",
                name="draw_verb_noun_pairs",
            ),
            Node(
                draw_pool_lengths,
                inputs=["pool_length_histograms", "pool_length_quantiles"],
                outputs="pool_length_figure",
                name="draw_pool_lengths",
            ),
            Node(draw_pool_mix, inputs="instruction_pool", outputs="pool_mix_figure", name="draw_pool_mix"),
            Node(
                draw_duplicate_clusters,
                inputs=["duplicate_clusters", "params:duplicates"],
                outputs="duplicate_figure",
                name="draw_duplicate_clusters",
            ),
            Node(draw_topics, inputs="pool_topics", outputs="topic_figure", name="draw_topics"),
            Node(
                write_pool_page,
                inputs=[
                    "instruction_pool",
                    "rejected_records",
                    "record_repairs",
                    "pool_metrics",
                    "pool_topics",
                    "contamination_report",
                    "contamination_matches",
                    "verb_noun_figure",
                    "pool_length_figure",
                    "pool_mix_figure",
                    "topic_figure",
                    "duplicate_clusters",
                    "duplicate_figure",
                    "params:pool_statistics",
                ],
                outputs="pool_page",
                name="write_pool_page",
            ),
        ]
    )
