"""Nodes of `instruction_synthesis`; what is not in `methods` is not asked for."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.instruction_synthesis.parameters import (
    InstructionSynthesisParameters,
    Method,
)
from instruction_tuning.synthesis import self_instruct, textbook, unnatural
from instruction_tuning.synthesis.asking import Writer
from instruction_tuning.synthesis.demonstrations import check_seeds
from instruction_tuning.synthesis.raw_records import raw_records
from instruction_tuning.synthesis.written_rows import (
    SEED,
    Written,
    drop_counts,
    joined,
    rows_frame,
    seed_rows,
)
from instruction_tuning.text.counting import tally

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

logger = logging.getLogger(__name__)


def check_seed_tasks(
    seed_tasks: pd.DataFrame, parameters: InstructionSynthesisParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The seeds as round 0, where there are enough of them in every language; and no request yet."""
    check_seeds(seed_tasks, parameters.languages, shots=max(parameters.self_instruct.shots, unnatural.SHOTS))
    return seed_rows(seed_tasks), completions_frame("", [], {})


def write_tasks(
    rows: pd.DataFrame,
    completions: pd.DataFrame,
    teacher: Endpoint,
    parameters: InstructionSynthesisParameters,
    *,
    number: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`rows` with those of round `number` of Self-Instruct behind them; and all requests so far."""

    def write(writer: Writer) -> list[Written]:
        return self_instruct.write_round(
            rows,
            writer,
            parameters.self_instruct,
            parameters.filters,
            number=number,
            languages=parameters.languages,
            kind=parameters.writer,
        )

    return _extended("self_instruct", rows, completions, teacher, parameters, write)


def write_fourth_tasks(
    rows: pd.DataFrame,
    completions: pd.DataFrame,
    teacher: Endpoint,
    parameters: InstructionSynthesisParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`rows` with tasks that follow three shots, and their paraphrases; and all requests so far."""

    def write(writer: Writer) -> list[Written]:
        settings, filters = parameters.unnatural, parameters.filters
        return unnatural.write_fourth_tasks(rows, writer, settings, filters, languages=parameters.languages)

    return _extended("unnatural", rows, completions, teacher, parameters, write)


def write_textbook(
    rows: pd.DataFrame,
    completions: pd.DataFrame,
    teacher: Endpoint,
    parameters: InstructionSynthesisParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Sections of a textbook; `rows` with exercises to them; and all requests so far."""
    sections = textbook.no_sections()

    def write(writer: Writer) -> list[Written]:
        nonlocal sections
        logger.info(
            "other abilities wash out under training on exercises of one field alone: mix in other records"
        )
        settings, filters = parameters.textbook, parameters.filters
        book = textbook.write_textbook(rows, writer, settings, filters, languages=parameters.languages)
        sections = book.sections
        return book.exercises

    extended, asked = _extended("textbook", rows, completions, teacher, parameters, write)
    return sections, extended, asked


def collect_synthesised(rows: pd.DataFrame) -> pd.DataFrame:
    """All that was written, kept and dropped, without the seeds."""
    written = rows[rows["method"] != SEED].reset_index(drop=True)
    kept = int((written["status"] == "kept").sum())
    logger.info("%d rows were written, %d of them are kept", len(written), kept)
    return written


def write_new_instructions(synthesised_instructions: pd.DataFrame) -> pd.DataFrame:
    """The kept ones as raw records, which nothing reads unless a user names the file."""
    return raw_records(synthesised_instructions)


def show_drops(synthesised_instructions: pd.DataFrame) -> "Figure":
    """How many rows each filter took, by method."""
    from instruction_tuning.reporting.synthesis_figure import synthesis_figure

    return synthesis_figure(drop_counts(synthesised_instructions))


def _extended(
    method: Method,
    rows: pd.DataFrame,
    completions: pd.DataFrame,
    teacher: Endpoint,
    parameters: InstructionSynthesisParameters,
    write: Callable[[Writer], list[Written]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`rows` and `completions` with what a wanted `method` writes and asks, under the one budget."""
    if method not in parameters.methods:
        return rows, completions
    asker = Asker(parameters.requests, completions)
    writer = Writer(
        lambda requests: asker.ask(teacher, requests),
        temperature=parameters.temperature,
        max_unreadable_rate=parameters.max_unreadable_rate,
        seed=parameters.seed,
    )
    new = rows_frame(write(writer))
    dropped = tally(new["drop_reason"].dropna()) or "none"
    logger.info(
        "%s: %d rows, %d kept; dropped: %s", method, len(new), int((new["status"] == "kept").sum()), dropped
    )
    return joined([rows, new]), joined([completions, asker.completions(teacher)])
