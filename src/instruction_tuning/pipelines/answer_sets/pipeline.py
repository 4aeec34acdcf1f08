"""raw_answers, raw_other_answers -> answer_set_metrics, answer_set_figure."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.answer_sets.nodes import compare_answers


def create_pipeline() -> Pipeline:
    """Compare two answer sets of the same prompts."""
    return Pipeline(
        [
            Node(
                compare_answers,
                inputs=["raw_answers", "raw_other_answers", "base_model", "params:answer_sets"],
                outputs=["answer_set_metrics", "answer_set_figure"],
                name="compare_answers",
            )
        ]
    )
