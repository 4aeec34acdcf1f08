"""verified_examples -> chinese_answers, chinese_completions, chinese_answer_metrics."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.chinese_answers.nodes import answer_in_chinese


def create_pipeline() -> Pipeline:
    """Translate, answer, compare."""
    return Pipeline(
        [
            Node(
                answer_in_chinese,
                inputs=["verified_examples", "params:teacher", "params:chinese_answers"],
                outputs=["chinese_answers", "chinese_completions", "chinese_answer_metrics"],
                name="answer_in_chinese",
            )
        ]
    )
