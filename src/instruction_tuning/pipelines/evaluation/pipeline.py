"""base_model, sft_model, champion_model + benchmark_items -> benchmark_metrics -> promotion_verdict."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.evaluation.nodes import (
    judge_candidate,
    measure_models,
    publish_verdict,
    score_models,
    write_model_card,
)


def create_pipeline() -> Pipeline:
    """Measure, score, judge, describe, publish."""
    return Pipeline(
        [
            Node(
                measure_models,
                inputs=["base_model", "sft_model", "champion_model", "benchmark_items", "params:evaluation"],
                outputs="benchmark_outputs",
                name="measure_models",
            ),
            Node(
                score_models,
                inputs=["benchmark_outputs", "params:evaluation"],
                outputs=["benchmark_metrics", "benchmark_comparisons"],
                name="score_models",
            ),
            Node(
                judge_candidate,
                inputs=[
                    "sft_model",
                    "champion_model",
                    "benchmark_outputs",
                    "benchmark_metrics",
                    "benchmark_comparisons",
                    "benchmark_items",
                    "params:evaluation",
                ],
                outputs="judgement",
                name="judge_candidate",
            ),
            Node(
                write_model_card,
                inputs=["sft_model", "benchmark_metrics", "benchmark_comparisons", "judgement"],
                outputs="model_card",
                name="write_model_card",
            ),
            Node(
                publish_verdict,
                inputs=["judgement", "model_card"],
                outputs="promotion_verdict",
                name="publish_verdict",
            ),
        ]
    )
