"""verified_examples + replay_documents -> sft_mixture -> sft_model."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.sft.nodes import (
    decide_examples,
    fine_tune_base_model,
    mix_examples,
    preview_mask,
    publish_sft_model,
)


def create_pipeline() -> Pipeline:
    """Mix, show the loss mask and what is cut, train, publish."""
    return Pipeline(
        [
            Node(
                mix_examples,
                inputs=["verified_examples", "replay_documents", "params:sft"],
                outputs=["sft_mixture", "sft_validation"],
                name="mix_examples",
            ),
            Node(
                preview_mask,
                inputs=["sft_mixture", "base_model", "params:sft"],
                outputs="sft_mask_preview",
                name="preview_mask",
            ),
            Node(
                decide_examples,
                inputs=["sft_mixture", "base_model", "params:sft"],
                outputs="example_decisions",
                name="decide_examples",
            ),
            Node(
                fine_tune_base_model,
                inputs=["base_model", "sft_mixture", "sft_validation", "sft_mask_preview", "params:sft"],
                outputs=["trained_sft_model", "sft_training_log", "sft_metrics"],
                name="fine_tune_base_model",
            ),
            Node(
                publish_sft_model,
                inputs=[
                    "trained_sft_model",
                    "sft_training_log",
                    "sft_metrics",
                    "sft_mixture",
                    "sft_validation",
                    "example_decisions",
                    "selected_queries",
                    "instruction_pool",
                ],
                outputs="sft_model",
                name="publish_sft_model",
            ),
        ]
    )
