"""The parts that the registry makes rounds of: seeds and segments -> candidates -> curated -> a model."""

from collections.abc import Sequence

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.instruction_backtranslation.nodes import (
    collect_seed_pairs,
    judge_candidates,
    list_unjudged,
    publish_backtranslated_model,
    train_on_curated,
    write_candidates,
)
from instruction_tuning.pipelines.instruction_backtranslation.outcome_nodes import (
    draw_rounds,
    measure_curation,
    write_records,
)
from instruction_tuning.round_numbers import in_round

_PARAMETERS = "params:instruction_backtranslation"


def create_start() -> Pipeline:
    """Seed pairs, and an instruction for each segment."""
    return Pipeline(
        [
            Node(
                collect_seed_pairs,
                inputs=["instruction_pool", "stored_examples", _PARAMETERS],
                outputs="seed_pairs",
                name="collect_seed_pairs",
            ),
            Node(
                write_candidates,
                inputs=[
                    "document_segments",
                    "seed_pairs",
                    "base_model",
                    "replay_documents",
                    "params:teacher",
                    "params:sft",
                    _PARAMETERS,
                ],
                outputs=["backtranslated_candidates", "backtranslation_completions"],
                name="write_candidates",
            ),
            Node(list_unjudged, inputs="backtranslated_candidates", outputs="curated", name="list_unjudged"),
        ]
    )


def create_round(number: int) -> Pipeline:
    """Train on what was kept before, judge all candidates with that model, keep the best."""
    return Pipeline(
        [
            Node(
                in_round(judge_candidates, number),
                inputs=[
                    "backtranslated_candidates",
                    "backtranslation_completions",
                    "curated_before",
                    "seed_pairs",
                    "base_model",
                    "replay_documents",
                    "params:teacher",
                    "params:sft",
                    _PARAMETERS,
                ],
                outputs=["curated", "examples", "curation_completions"],
                name="judge_candidates",
            )
        ]
    )


def create_end(rounds: Sequence[str]) -> Pipeline:
    """The last round's model and records, and figures of all `rounds`, the names of their frames."""
    return Pipeline(
        [
            Node(
                train_on_curated,
                inputs=["base_model", "examples", "replay_documents", "params:sft", _PARAMETERS],
                outputs=[
                    "trained_backtranslated_model",
                    "backtranslated_training_log",
                    "backtranslated_metrics",
                ],
                name="train_on_curated",
            ),
            Node(
                publish_backtranslated_model,
                inputs=[
                    "trained_backtranslated_model",
                    "backtranslated_training_log",
                    "backtranslated_metrics",
                    _PARAMETERS,
                ],
                outputs="backtranslated_model",
                name="publish_backtranslated_model",
            ),
            Node(write_records, inputs=rounds[-1], outputs="backtranslated_records", name="write_records"),
            Node(draw_rounds, inputs=[_PARAMETERS, *rounds], outputs="curation_figure", name="draw_rounds"),
            Node(
                measure_curation,
                inputs=[_PARAMETERS, *rounds],
                outputs="curation_accuracy",
                name="measure_curation",
            ),
        ]
    )
