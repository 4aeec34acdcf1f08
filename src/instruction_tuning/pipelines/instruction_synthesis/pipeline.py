"""The parts that the registry makes rounds of: seed_tasks -> rows -> synthesised_instructions."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.instruction_synthesis.nodes import (
    check_seed_tasks,
    collect_synthesised,
    show_drops,
    write_fourth_tasks,
    write_new_instructions,
    write_tasks,
    write_textbook,
)
from instruction_tuning.round_numbers import in_round

_PARAMETERS = ["params:teacher", "params:instruction_synthesis"]


def create_start() -> Pipeline:
    """Take the seeds for what is known."""
    return Pipeline(
        [
            Node(
                check_seed_tasks,
                inputs=["seed_tasks", "params:instruction_synthesis"],
                outputs=["rows", "completions"],
                name="check_seed_tasks",
            )
        ]
    )


def create_round(number: int) -> Pipeline:
    """Write tasks, filter them, sort them by kind, give them examples."""
    return Pipeline(
        [
            Node(
                in_round(write_tasks, number),
                inputs=["rows_before", "completions_before", *_PARAMETERS],
                outputs=["rows", "completions"],
                name="write_tasks",
            )
        ]
    )


def create_end() -> Pipeline:
    """Write fourth tasks and a textbook, collect, show what each filter took, write raw records."""
    return Pipeline(
        [
            Node(
                write_fourth_tasks,
                inputs=["rows", "completions", *_PARAMETERS],
                outputs=["unnatural_rows", "unnatural_completions"],
                name="write_fourth_tasks",
            ),
            Node(
                write_textbook,
                inputs=["unnatural_rows", "unnatural_completions", *_PARAMETERS],
                outputs=["textbook_sections", "all_rows", "synthesis_completions"],
                name="write_textbook",
            ),
            Node(
                collect_synthesised,
                inputs="all_rows",
                outputs="synthesised_instructions",
                name="collect_synthesised",
            ),
            Node(
                write_new_instructions,
                inputs="synthesised_instructions",
                outputs="new_instructions",
                name="write_new_instructions",
            ),
            Node(
                show_drops,
                inputs="synthesised_instructions",
                outputs="synthesis_figure",
                name="show_drops",
            ),
        ]
    )
