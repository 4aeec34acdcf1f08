"""The parts that the registry makes rounds of: instruction_pool -> picked records -> diverse_evol_order."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.diverse_evol.nodes import draw_first, evolve_selection, rank_picks
from instruction_tuning.round_numbers import in_round


def create_start() -> Pipeline:
    """Draw the records to begin with."""
    return Pipeline(
        [
            Node(
                draw_first,
                inputs=["instruction_pool", "params:diverse_evol"],
                outputs="picked",
                name="draw_first",
            )
        ]
    )


def create_round(number: int) -> Pipeline:
    """Train on what is picked, embed the pool with that model, pick what is farthest."""
    return Pipeline(
        [
            Node(
                in_round(evolve_selection, number),
                inputs=[
                    "instruction_pool",
                    "picked_before",
                    "base_model",
                    "replay_documents",
                    "params:sft",
                    "params:pool_embeddings",
                    "params:diverse_evol",
                ],
                outputs="picked",
                name="evolve_selection",
            )
        ]
    )


def create_end() -> Pipeline:
    """The order of the picks as a score, for the method `diverse_evol`."""
    return Pipeline([Node(rank_picks, inputs="picked", outputs="diverse_evol_order", name="rank_picks")])
