"""selected_queries -> teacher_completions, rated_responses -> verified_examples, rejected_answers."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.answer_generation.nodes import (
    choose_answers,
    generate_answers,
    rate_answers,
)


def create_pipeline() -> Pipeline:
    """Ask, check and rate, choose."""
    return Pipeline(
        [
            Node(
                generate_answers,
                inputs=["selected_queries", "params:teacher", "params:answer_generation"],
                outputs="answer_completions",
                name="generate_answers",
            ),
            Node(
                rate_answers,
                inputs=[
                    "selected_queries",
                    "answer_completions",
                    "params:teacher",
                    "params:answer_generation",
                ],
                outputs=["teacher_completions", "rated_responses"],
                name="rate_answers",
            ),
            Node(
                choose_answers,
                inputs=[
                    "selected_queries",
                    "rated_responses",
                    "teacher_completions",
                    "params:answer_generation",
                ],
                outputs=["verified_examples", "rejected_answers"],
                name="choose_answers",
            ),
        ]
    )
