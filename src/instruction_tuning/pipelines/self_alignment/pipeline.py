"""base_model or teacher -> alignment_prompts -> principled_answers -> self_aligned_examples and sources."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.self_alignment.nodes import (
    answer_by_principles,
    collect_self_aligned_examples,
    generate_alignment_prompts,
    generate_verbose_answers,
)

_WRITER = ["params:teacher", "base_model", "params:self_alignment"]


def create_pipeline() -> Pipeline:
    """Prompts from topics, answers by principles, longer answers, what is trained on."""
    return Pipeline(
        [
            Node(
                generate_alignment_prompts,
                inputs=_WRITER,
                outputs=["alignment_topics", "alignment_prompts", "alignment_prompt_completions"],
                name="generate_alignment_prompts",
            ),
            Node(
                answer_by_principles,
                inputs=["alignment_prompts", "alignment_prompt_completions", *_WRITER],
                outputs=["principled_answers", "answer_revisions", "principled_completions"],
                name="answer_by_principles",
            ),
            Node(
                generate_verbose_answers,
                inputs=[
                    "principled_answers",
                    "alignment_prompt_completions",
                    "principled_completions",
                    *_WRITER,
                ],
                outputs=["verbose_answers", "self_alignment_completions"],
                name="generate_verbose_answers",
            ),
            Node(
                collect_self_aligned_examples,
                inputs=[
                    "principled_answers",
                    "answer_revisions",
                    "verbose_answers",
                    "params:self_alignment",
                ],
                outputs=[
                    "self_aligned_examples",
                    "self_aligned_source",
                    "verbose_cloned_source",
                    "self_alignment_metrics",
                ],
                name="collect_self_aligned_examples",
            ),
        ]
    )
