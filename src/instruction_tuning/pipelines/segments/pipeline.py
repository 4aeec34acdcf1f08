"""raw_documents -> document_segments, rejected_segments."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.segments.nodes import cut_segments


def create_pipeline() -> Pipeline:
    """Cut documents at their headers."""
    return Pipeline(
        [
            Node(
                cut_segments,
                inputs=["raw_documents", "params:segments"],
                outputs=["document_segments", "rejected_segments"],
                name="cut_segments",
            )
        ]
    )
