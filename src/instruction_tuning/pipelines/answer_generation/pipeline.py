"""selected_queries -> teacher_completions, rated_responses -> rejected_answers, verified_examples."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.answer_generation.nodes import (
    choose_answers,
    collect_verified_examples,
    generate_answers,
    rate_answers,
)


def create_pipeline() -> Pipeline:
    """Ask, check and rate, choose, account for every query."""
    return Pipeline(
        [
            Node(
                generate_answers,
                inputs=[
                    "selected_queries",
                    "params:teacher",
                    "earlier_reward_model",
                    "params:answer_generation",
                ],
                outputs=["answer_completions", "program_outcomes"],
                name="generate_answers",
            ),
            Node(
                rate_answers,
                inputs=[
                    "selected_queries",
                    "answer_completions",
                    "program_outcomes",
                    "params:teacher",
                    "earlier_reward_model",
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
                    "params:answer_generation",
                ],
                outputs=["chosen_answers", "rejected_answers"],
                name="choose_answers",
            ),
            Node(
                collect_verified_examples,
                inputs=[
                    "selected_queries",
                    "teacher_completions",
                    "rated_responses",
                    "chosen_answers",
                    "rejected_answers",
                ],
                outputs="verified_examples",
                name="collect_verified_examples",
            ),
        ]
    )
