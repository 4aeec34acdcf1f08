"""verified_examples, rated_responses, base_model -> annotation_tasks;
annotation_events -> gold_answers, annotation_verdicts, annotated_pairs, annotator_agreement."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.annotation.nodes import (
    collect_gold_answers,
    collect_verdicts,
    make_annotation_tasks,
    measure_agreement,
    sample_base_continuations,
)


def create_pipeline() -> Pipeline:
    """Make tasks of what is stored; between the two halves people work with `kedro annotate`."""
    return Pipeline(
        [
            Node(
                sample_base_continuations,
                inputs=["verified_examples", "base_model", "params:annotation"],
                outputs="base_continuations",
                name="sample_base_continuations",
            ),
            Node(
                make_annotation_tasks,
                inputs=["verified_examples", "rated_responses", "base_continuations", "params:annotation"],
                outputs="annotation_tasks",
                name="make_annotation_tasks",
            ),
            Node(
                collect_gold_answers,
                inputs=["annotation_events", "params:annotation"],
                outputs=["gold_answers", "gold_answer_records"],
                name="collect_gold_answers",
            ),
            Node(
                collect_verdicts,
                inputs="annotation_events",
                outputs=["annotation_verdicts", "annotated_pairs", "annotated_comparison_records"],
                name="collect_verdicts",
            ),
            Node(
                measure_agreement,
                inputs=["annotation_events", "params:annotation"],
                outputs=["annotator_agreement", "agreement_report", "agreement_figure"],
                name="measure_agreement",
            ),
        ]
    )
