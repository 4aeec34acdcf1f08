"""The parts that the registry makes rounds of: instruction_pool -> evolved -> evolved_instructions."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.instruction_evolution.nodes import (
    draw_evolution_seeds,
    evolve_instructions,
    report_evolution,
)
from instruction_tuning.round_numbers import in_round


def create_start() -> Pipeline:
    """Draw the seeds."""
    return Pipeline(
        [
            Node(
                draw_evolution_seeds,
                inputs=["instruction_pool", "params:teacher", "params:instruction_evolution"],
                outputs=["evolved", "requests"],
                name="draw_evolution_seeds",
            )
        ]
    )


def create_round(number: int) -> Pipeline:
    """Ask the model what it masters, and the teacher to rewrite, compare and answer that."""
    return Pipeline(
        [
            Node(
                in_round(evolve_instructions, number),
                inputs=[
                    "evolved_before",
                    "requests_before",
                    "base_model",
                    "champion_model",
                    "params:teacher",
                    "params:instruction_evolution",
                ],
                outputs=["evolved", "requests"],
                name="evolve_instructions",
            )
        ]
    )


def create_end() -> Pipeline:
    """All rows, the raw source for those who want it, and a figure."""
    return Pipeline(
        [
            Node(
                report_evolution,
                inputs="evolved",
                outputs=["evolved_instructions", "evolved_source", "evolution_figure"],
                name="report_evolution",
            )
        ]
    )
