"""The world's documents -> a tokenizer and a base model."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.base_model.nodes import pretrain_base_model, write_pretraining_documents


def create_pipeline() -> Pipeline:
    """Write documents, train on them."""
    return Pipeline(
        [
            Node(
                write_pretraining_documents,
                inputs="params:base_model",
                outputs="pretraining_documents",
                name="write_pretraining_documents",
            ),
            Node(
                pretrain_base_model,
                inputs=["pretraining_documents", "params:base_model"],
                outputs=["pretrained_base", "pretraining_log"],
                name="pretrain_base_model",
            ),
        ]
    )
